import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type SignedInClient, TestConsole } from "../../../test/support/console/console.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(clock = new ManualClock()) {
  const console = await TestConsole.start({ clock });
  open.push(() => console.close());
  return { console, clock, anna: await console.signIn() };
}

interface Stream {
  readonly response: IncomingMessage;
  /** All that has arrived. */
  readonly text: () => string;
  readonly ended: Promise<unknown>;
}

async function stream({ port, host }: TestConsole, { cookie }: SignedInClient): Promise<Stream> {
  const sent = request({ port, path: "/api/v1/events", agent: false, headers: { host, cookie } });
  open.push(() => void sent.destroy());
  sent.on("error", () => undefined).end();
  const [response]: [IncomingMessage] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  response.on("error", () => undefined).setEncoding("utf8");
  response.on("data", (part: string) => {
    text += part;
  });
  return { response, text: () => text, ended: new Promise((resolve) => response.once("close", resolve)) };
}

test("changes are told as events, with signs of life between them", async () => {
  const { console, clock, anna } = await start();
  const { response, text } = await stream(console, anna);
  expect(response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
  });
  await expect.poll(text).toBe("retry: 2000\n\n");
  console.place.changes.emit("change", { event: "changed", kind: "nodes", names: ["a\nb"] });
  await expect.poll(text).toBe('retry: 2000\n\ndata: {"event":"changed","kind":"nodes","names":["a\\nb"]}\n\n');
  await clock.advance(15_000);
  await expect.poll(text).toMatch(/\n\n: \n\n$/);
  await clock.advance(15_000);
  await expect.poll(text).toMatch(/: \n\n: \n\n$/);
});

test.each<[string, (console: TestConsole, anna: SignedInClient, clock: ManualClock) => Promise<unknown>]>([
  ["signs out", (_console, anna) => anna.send("/api/v1/session", { method: "DELETE" })],
  [
    "did nothing for half an hour",
    async (console, _anna, clock) => {
      await clock.advance(30 * 60_000);
      console.sessions.sweep();
    },
  ],
])("the stream of somebody who %s ends", async (_name, end) => {
  const { console, clock, anna } = await start();
  const { text, ended } = await stream(console, anna);
  await expect.poll(text).toContain("retry");
  await end(console, anna, clock);
  await ended;
  expect(text()).toMatch(/data: \{"event":"signed-out"\}\n\n$/);
  expect(console.place.changes.listenerCount("change")).toBe(0);
});

test("a page that is left open ends with its session: neither its stream nor what it reads by itself is a use", async () => {
  const { console, clock, anna } = await start();
  const { ended } = await stream(console, anna);
  const read = (seconds: number) => anna.send("/api/v1/nodes", { headers: { "x-metahub-untouched": String(seconds) } });
  for (let minutes = 5; minutes < 30; minutes += 5) {
    await clock.advance(5 * 60_000);
    expect((await read(minutes * 60)).status).toBe(200);
    (await stream(console, anna)).response.destroy();
  }
  await clock.advance(5 * 60_000);
  await console.sessions.sweep();
  await ended;
  expect((await read(0)).status).toBe(401);
});

test.each(["0", "", "-1", "1e9", "x"])("a page that was touched keeps its session: %j", async (said) => {
  const { console, clock, anna } = await start();
  await clock.advance(29 * 60_000);
  expect((await anna.send("/api/v1/nodes", { headers: { "x-metahub-untouched": said } })).status).toBe(200);
  await clock.advance(29 * 60_000);
  await console.sessions.sweep();
  expect((await anna.send("/api/v1/nodes")).status).toBe(200);
});

test("a stream whose page was closed leaves nothing behind", async () => {
  const { console, clock, anna } = await start();
  const { response } = await stream(console, anna);
  await expect.poll(() => console.place.changes.listenerCount("change")).toBe(1);
  response.destroy();
  await expect.poll(() => console.place.changes.listenerCount("change")).toBe(0);
  await expect.poll(async () => await streamsOf(console)).toBe(0);
  expect(clock.waits).toEqual([]);
});

test("a reader that takes nothing is cut off with little waiting for it, and others go on", async () => {
  const { console, anna } = await start();
  const bert = await console.signIn("bert");
  const others = await stream(console, bert);
  const slow = connect(console.port, "127.0.0.1");
  open.push(() => void slow.destroy());
  slow.on("error", () => undefined);
  slow.write(`GET /api/v1/events HTTP/1.1\r\nHost: ${console.host}\r\nCookie: ${anna.cookie}\r\n\r\n`);
  await expect.poll(() => console.place.changes.listenerCount("change")).toBe(2);
  slow.pause();
  const names = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(200, "x"));
  // 20 kB each: what the kernel takes for a socket is some megabytes.
  for (let count = 0; count < 2_000 && console.place.changes.listenerCount("change") === 2; count++) {
    console.place.changes.emit("change", { event: "changed", kind: "nodes", names });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(console.place.changes.listenerCount("change")).toBe(1);
  const before = others.text().length;
  console.place.changes.emit("change", { event: "back" });
  await expect.poll(() => others.text().length).toBeGreaterThan(before);
  await expect.poll(() => others.text()).toMatch(/\{"event":"back"\}\n\n$/);
});

test("one person has sixteen streams, and another still gets one", async () => {
  const { console, anna } = await start();
  for (let count = 0; count < 16; count++) await stream(console, anna);
  const { response } = await stream(console, anna);
  expect(response.statusCode).toBe(429);
  expect((await stream(console, await console.signIn("bert"))).response.statusCode).toBe(200);
  expect(await streamsOf(console)).toBe(17);
});

async function streamsOf({ registry }: TestConsole): Promise<number | undefined> {
  const metric = await registry.getSingleMetric("metahub_console_event_streams")?.get();
  return metric?.values[0]?.value;
}
