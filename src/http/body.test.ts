import { gzipSync } from "node:zlib";
import express from "express";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { bodyOf, readBody, refuse } from "./body.ts";
import { HttpServer } from "./server.ts";

const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 1_000 };
let server: HttpServer | undefined;
afterEach(() => server?.close(0));

/** Posts to a server that answers with the length of what it read, or throws where the body says so. */
async function post(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>> = {}) {
  const told: number[] = [];
  const app = express();
  app.post("/", readBody(8), (request, response) => {
    const read = bodyOf(request);
    if (read.toString() === "throw") throw new Error("broken");
    response.send(`${read.length}`);
  });
  app.use(refuse((_error, status) => told.push(status)));
  server = new HttpServer({ listener: app, limits, log: pino({ level: "silent" }) });
  const port = await server.listen(0, "127.0.0.1");
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, ...(body ? { body } : {}) });
  return [response.status, await response.text(), told];
}

test.each<[string, string | Uint8Array | undefined, Readonly<Record<string, string>>, number, string]>([
  ["no body", undefined, {}, 200, "0"],
  ["a body of the longest length", "12345678", {}, 200, "8"],
  ["any type", "1234", { "content-type": "application/x-unheard" }, 200, "4"],
  ["one byte more", "123456789", {}, 413, "the body is too large\n"],
  [
    "a small body that is long when unpacked",
    gzipSync("1".repeat(9)),
    { "content-encoding": "gzip" },
    413,
    "the body is too large\n",
  ],
  ["what is not packed as it says", "1234", { "content-encoding": "gzip" }, 400, "the body cannot be read\n"],
  ["a handler that throws", "throw", {}, 500, "the body cannot be read\n"],
])("%s", async (_name, body, headers, status, said) => {
  expect(await post(body, headers)).toEqual([status, said, status === 200 ? [] : [status]]);
});
