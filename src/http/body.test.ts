import { once } from "node:events";
import { type ClientRequest, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import express from "express";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { readBody, refuse, takeBody } from "./body.ts";
import { BodyBudget } from "./body-budget.ts";
import { HttpServer } from "./server.ts";

const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 1_000, silenceMs: 10_000 };
let server: HttpServer | undefined;
afterEach(() => server?.close(0));

/** A server that answers with the length of what it read, or throws where the body says so. */
async function start(maxBytes = 8, budget = new BodyBudget(64), hold: Promise<void> = Promise.resolve()) {
  const told: number[] = [];
  const app = express();
  app.post("/", readBody(maxBytes, budget), async (request, response) => {
    const read = takeBody(request);
    if (read.toString() === "throw") throw new Error("broken");
    await hold;
    response.send(`${read.length} ${takeBody(request).length}`);
  });
  app.use(refuse((_error, status) => told.push(status)));
  server = new HttpServer({ listener: app, limits, log: pino({ level: "silent" }) });
  return { port: await server.listen(0, "127.0.0.1"), told, budget };
}

async function post(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>> = {}) {
  const { port, told } = await start();
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, ...(body ? { body } : {}) });
  return [response.status, await response.text(), told];
}

test.each<[string, string | Uint8Array | undefined, Readonly<Record<string, string>>, number, string]>([
  ["no body", undefined, {}, 200, "0 0"],
  ["a body of the longest length", "12345678", {}, 200, "8 0"],
  ["any type", "1234", { "content-type": "application/x-unheard" }, 200, "4 0"],
  ["a body that says that it is not encoded", "1234", { "content-encoding": "identity" }, 200, "4 0"],
  ["one byte more", "123456789", {}, 413, "the body is too large\n"],
  [
    "a small body that is long when unpacked",
    gzipSync("1".repeat(9)),
    { "content-encoding": "gzip" },
    415,
    "the body is encoded, and must be sent as it is\n",
  ],
  [
    "what is not packed as it says",
    "1234",
    { "content-encoding": "gzip" },
    415,
    "the body is encoded, and must be sent as it is\n",
  ],
  ["a handler that throws", "throw", {}, 500, "the body cannot be read\n"],
])("%s", async (_name, body, headers, status, said) => {
  expect(await post(body, headers)).toEqual([status, said, status === 200 ? [] : [status]]);
});

/** Sends a part of a body, and waits with the rest. */
function send(port: number, part: string): { readonly sent: ClientRequest; readonly answer: Promise<unknown> } {
  const sent = httpRequest({ host: "127.0.0.1", port, method: "POST", agent: false });
  const answer = once(sent, "response").then(async ([response]) => [response.statusCode, await text(response)]);
  sent.write(part);
  return { sent, answer };
}

test("bodies of unknown length are cut off where they grow too long", async () => {
  const { port } = await start();
  expect(await send(port, "123456789").answer).toEqual([413, "the body is too large\n"]);
});

test("where all bodies are too many bytes, the oldest that is not whole is refused with 503", async () => {
  const { port, budget } = await start(8, new BodyBudget(8));
  const oldest = send(port, "12345");
  await expect.poll(() => budget.bytes).toBe(5);
  const next = send(port, "1234");
  expect(await oldest.answer).toEqual([503, "too many bytes of bodies are under way\n"]);
  next.sent.end("5");
  expect(await next.answer).toEqual([200, "5 0"]);
  expect(budget.bytes).toBe(0);
});

test("bodies that are whole count until they are answered, and the newcomer is refused", async () => {
  const go = Promise.withResolvers<void>();
  const { port, budget } = await start(8, new BodyBudget(8), go.promise);
  const under = send(port, "12345");
  under.sent.end();
  await expect.poll(() => budget.bytes).toBe(5);
  expect(await send(port, "1234").answer).toEqual([503, "too many bytes of bodies are under way\n"]);
  go.resolve();
  expect(await under.answer).toEqual([200, "5 0"]);
  await expect.poll(() => budget.bytes).toBe(0);
});

test("a body whose connection is closed gives its bytes back", async () => {
  const { port, budget, told } = await start();
  const { sent, answer } = send(port, "1234");
  const failed = expect(answer).rejects.toMatchObject({ code: "ECONNRESET" });
  await expect.poll(() => budget.bytes).toBe(4);
  sent.destroy();
  await failed;
  await expect.poll(() => [budget.bytes, told]).toEqual([0, [400]]);
});
