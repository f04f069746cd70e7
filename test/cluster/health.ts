import { request } from "node:https";

/** Undefined when the URL answers 200, else what it answered. The server must have a certificate of `authority`. */
export function checkHealth(url: string, authority: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca: authority, signal, agent: false });
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () =>
        resolve(response.statusCode === 200 ? undefined : `${url} answered ${response.statusCode}`),
      );
    });
    sent.end();
  });
}
