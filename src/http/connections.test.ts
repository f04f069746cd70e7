import { EventEmitter, once } from "node:events";
import { Agent, type RequestListener, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { eventLoop } from "../time/slices.ts";
import { HttpServer, type ServerLimits } from "./server.ts";

const limits: ServerLimits = {
  connections: 4,
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 30_000,
  silenceMs: 35_000,
};
const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const hello: RequestListener = (_request, response) => void response.end("hello");

async function start(listener = hello, more: Partial<ServerLimits> = {}) {
  const server = new HttpServer({ listener, limits: { ...limits, ...more }, log: pino({ level: "silent" }) });
  const port = await server.listen(0, "127.0.0.1");
  open.push(() => server.close(0));
  return port;
}

/** Opens a connection and says this much. */
async function say(port: number, words = ""): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  open.push(() => void socket.destroy());
  await once(socket, "connect");
  if (words !== "") await new Promise((resolve) => socket.write(words, resolve));
  return socket;
}
/** By its end or by a reset: which of the two arrives depends on what was under way. */
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.resume().once("close", resolve));

function get(port: number, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, agent }, (response) => void text(response).then(resolve, reject));
    sent.once("error", reject).end();
  });
}
const keptOpen = (): Agent => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  open.push(() => agent.destroy());
  return agent;
};

test("while long work goes on in slices, whoever comes behind very many is answered before they have each had one", async () => {
  const port = await start(hello, { connections: 1_000 });
  let steps = 0;
  /** Each of a millisecond. */
  const work = function* (): Generator<void, never, void> {
    for (;;) {
      steps += 1;
      for (const end = performance.now() + 1; performance.now() < end; );
      yield;
    }
  };
  const ended = new AbortController();
  const running = eventLoop.run(work(), ended.signal, "w");
  const before = steps;
  for (let count = 0; count < 300; count++) {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => undefined);
    open.push(() => void socket.destroy());
  }
  expect(await get(port)).toBe("hello");
  const during = steps - before;
  ended.abort();
  await expect(running).rejects.toMatchObject({ code: "ABORTED" });
  // One connection for each slice of some steps would be 300 slices.
  expect(during).toBeLessThan(300);
});

test("however many connections are silent, one more is answered, in the place of the oldest", async () => {
  const port = await start();
  const silent: Socket[] = [];
  for (let count = 0; count < 4; count++) silent.push(await say(port));
  const [oldest] = silent;
  const gone = oldest === undefined ? undefined : closed(oldest);
  expect(await get(port)).toBe("hello");
  await gone;
  expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
  for (let count = 0; count < 100; count++) await say(port);
  expect(await get(port)).toBe("hello");
});

test("strangers who send half a request do not push out who was answered before", async () => {
  const connections: string[] = [];
  const listener: RequestListener = (asked, response) => {
    if (asked.method === "GET") connections.push(`${asked.socket.remotePort}`);
    hello(asked, response);
  };
  const port = await start(listener);
  const agent = keptOpen();
  await get(port, agent);
  for (let count = 0; count < 20; count++) {
    await say(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1234");
  }
  expect(await get(port, agent)).toBe("hello");
  expect(new Set(connections).size).toBe(1);
  expect(connections).toHaveLength(2);
});

test("a request that is whole is never cut off for another: where all are, the newcomer is", async () => {
  const arrived = new EventEmitter();
  const port = await start((_request, response) => void arrived.emit("request", response));
  const answers: Promise<string>[] = [];
  for (let count = 0; count < 4; count++) {
    const asked = once(arrived, "request");
    answers.push(get(port));
    const [response] = await asked;
    open.push(() => response.end());
    arrived.once("end", () => response.end("whole"));
  }
  const refused = await say(port);
  await closed(refused);
  arrived.emit("end");
  expect(await Promise.all(answers)).toEqual(["whole", "whole", "whole", "whole"]);
});

test.each<[string, string]>([
  ["nothing", ""],
  ["half of the headers", "GET / HTTP/1.1\r\nhost: "],
])("who sends %s is closed when the time for headers is over", async (_name, words) => {
  const port = await start(hello, { headersMs: 50, requestMs: 60_000 });
  await closed(await say(port, words));
});

test("who does not finish its body is closed when the time for it is over", async () => {
  const port = await start(() => undefined, { headersMs: 50, requestMs: 100 });
  await closed(await say(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1234"));
});

test("a connection on which nothing moves is closed when the time for silence is over", async () => {
  const port = await start(() => undefined, { silenceMs: 50 });
  await closed(await say(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
});

test("the rest of a body is not waited for once the request is answered", async () => {
  const port = await start();
  const socket = await say(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  await closed(socket);
});
