import type { ServerResponse } from "node:http";
import type { RegistryError } from "../registry/error.ts";
import { shorten } from "../text/shorten.ts";

/** Error codes of the distribution specification ("Error Codes"). */
export type ErrorCode =
  | "BLOB_UNKNOWN"
  | "DENIED"
  | "MANIFEST_UNKNOWN"
  | "NAME_UNKNOWN"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** An answer that says why there is none. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Every answer depends on who asks, and no cache may give it to another. */
export const privateHeaders: Readonly<Record<string, string>> = {
  "cache-control": "private, no-store",
  vary: "Authorization",
  "docker-distribution-api-version": "registry/2.0",
  "x-content-type-options": "nosniff",
};

/** A message is one line of ASCII: clients show it word for word. */
const longestMessage = 200;

export function sendRefusal(response: ServerResponse, { status, code, message, headers }: Refusal): void {
  const body = JSON.stringify({ errors: [{ code, message: oneLine(message) }] });
  response
    .writeHead(status, {
      ...privateHeaders,
      ...headers,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    })
    .end(response.req.method === "HEAD" ? undefined : body);
}

/**
 * The failure of an upstream as its client should see it. "Not there" and "not for you" are one answer; that the upstream
 * is in trouble is told, its texts never are.
 */
export function refusalOf(error: RegistryError, missing: ErrorCode): Refusal {
  switch (error.code) {
    case "NOT_FOUND":
    case "DENIED":
    case "UNAUTHORIZED":
    case "REFUSED_HOST":
      return notThere(missing);
    case "RANGE_UNSATISFIABLE": {
      const size = error.contentSize === undefined ? "*" : String(error.contentSize);
      return new Refusal(416, "UNKNOWN", "the range begins after the end of the blob", {
        "content-range": `bytes */${size}`,
      });
    }
    case "RATE_LIMITED":
    case "OVERLOADED": {
      const seconds = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000);
      return new Refusal(429, "TOOMANYREQUESTS", "the registry behind this one wants fewer requests", {
        "retry-after": String(seconds),
      });
    }
    case "TIMEOUT":
    case "ABORTED":
      return new Refusal(504, "UNKNOWN", "the registry behind this one does not answer");
    default:
      return new Refusal(502, "UNKNOWN", "the registry behind this one does not give a usable answer");
  }
}

export function notThere(code: ErrorCode): Refusal {
  const what = code === "BLOB_UNKNOWN" ? "blob" : code === "NAME_UNKNOWN" ? "repository" : "manifest";
  return new Refusal(404, code, `this ${what} is not here, or not for these credentials`);
}

/** Earlier answers cannot be looked up: a later try may find one, so that nobody says that it is not there. */
export function notKnown(): Refusal {
  return new Refusal(503, "UNKNOWN", "what this registry answered before cannot be looked up now");
}

/** Printable ASCII in one line, as headers and clients' terminals take it. */
export function oneLine(text: string): string {
  return shorten(text.replace(/[^\x20-\x7e]+/g, " "), longestMessage).replace("…", "...");
}
