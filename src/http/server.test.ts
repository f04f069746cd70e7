import { EventEmitter, once } from "node:events";
import { Agent, type RequestListener, request, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { HttpServer, type ServerLimits } from "./server.ts";

const limits: ServerLimits = {
  connections: 16,
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 30_000,
  silenceMs: 35_000,
};
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A server, and what a client with one connection hears from it. */
async function start(listener: RequestListener) {
  const server = new HttpServer({ listener, limits, log: pino({ level: "silent" }) });
  const port = await server.listen(0, "127.0.0.1");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  open.push(
    () => server.close(0),
    () => agent.destroy(),
  );
  const get = (): Promise<readonly [number | undefined, string | undefined]> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, agent }, (response) => {
        text(response).then(() => resolve([response.statusCode, response.headers.connection]), reject);
      });
      sent.once("error", reject).end();
    });
  return { server, get };
}

/** Answers when the test says so. */
function slowListener() {
  const arrived = new EventEmitter();
  const listener: RequestListener = (_request, response) => void arrived.emit("request", response);
  const next = async (): Promise<ServerResponse> => (await once(arrived, "request"))[0];
  return { listener, next };
}

test("an answer that is under way when the drain begins closes its connection, and so does every later one", async () => {
  const { listener, next } = slowListener();
  const { server, get } = await start(listener);
  const ask = async (meanwhile: () => void): Promise<unknown> => {
    const response = next();
    const answer = get();
    const writer = await response;
    meanwhile();
    writer.end();
    return await answer;
  };
  const nothing = (): void => undefined;
  expect(await ask(nothing)).toEqual([200, "keep-alive"]);
  expect(await ask(() => server.drain())).toEqual([200, "close"]);
  expect(await ask(nothing)).toEqual([200, "close"]);
});

test("an answer that began before the end closes its connection with its last byte", async () => {
  const { listener, next } = slowListener();
  const { server, get } = await start(listener);
  const response = next();
  const answer = get();
  const writer = await response;
  await new Promise<void>((resolve) => writer.write("begun", () => resolve()));
  // Far longer than this test may take: only the connection's end ends the wait.
  const closed = server.close(600_000);
  writer.end();
  expect(await answer).toEqual([200, "keep-alive"]);
  await closed;
});

test("closing lets a request under way finish", async () => {
  const { listener, next } = slowListener();
  const { server, get } = await start(listener);
  const response = next();
  const answer = get();
  const writer = await response;
  const closed = server.close(10_000);
  writer.end();
  expect(await answer).toEqual([200, "close"]);
  await closed;
  await expect(get()).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a request that does not finish is cut off when the grace is over", async () => {
  const { listener, next } = slowListener();
  const { server, get } = await start(listener);
  const response = next();
  const answer = get();
  const cut = expect(answer).rejects.toMatchObject({ code: "ECONNRESET" });
  await response;
  await server.close(1);
  await cut;
});

test("closing does not wait for connections that are kept for a next request", async () => {
  const { server, get } = await start((_request, response) => void response.end());
  expect(await get()).toEqual([200, "keep-alive"]);
  // A grace that no test waits for.
  await server.close(600_000);
});

test("a server that never listened closes too", async () => {
  const server = new HttpServer({ listener: () => undefined, limits, log: pino({ level: "silent" }) });
  await server.close();
  await server.close();
});

test("a server of plain HTTP takes no certificate", async () => {
  const { server } = await start(() => undefined);
  expect(() => server.setCertificate({ cert: "", key: "" })).toThrow(
    expect.objectContaining({ code: "CERTIFICATE_UNUSABLE" }),
  );
});
