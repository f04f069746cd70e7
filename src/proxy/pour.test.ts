import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { type Pace, pour } from "./pour.ts";

/** Pieces of 64 KiB, more than the buffers of a connection hold. */
function* pieces(count = 1_024): Generator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(65_536, index);
}

const clock = new ManualClock();
const server = createServer();
let socket: Socket;
let response: ServerResponse;
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const asked = once(server, "request");
  socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined).write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  [, response] = await asked;
  socket.pause();
});
afterEach(async () => {
  socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const pace = (more: Partial<Pace>): Pace => ({ idleMs: 60_000, graceMs: 60_000, leastRate: 1, ...more });
const waits = (): Promise<void> => clock.timer((ms) => ms === 60_000);

test("resolves when all is handed on, and leaves no timer", async () => {
  socket.resume();
  await pour(pieces(8), response, clock);
  expect([response.writableFinished, clock.waits]).toEqual([true, []]);
});

test("a client that is idle for too long is given up", async () => {
  const poured = pour(pieces(), response, clock, pace({})).catch((error: unknown) => error);
  // The connection's buffers take the first megabytes.
  for (let over = false; !over; ) {
    over = (await Promise.race([waits(), poured])) !== undefined;
    await clock.advance(60_000);
  }
  expect(await poured).toMatchObject({ code: "CLIENT_SLOW" });
});

test.each([
  ["below the least rate, is given up after the grace", 1e9, 2],
  ["above it, goes on for as long as it likes", 1, Number.POSITIVE_INFINITY],
])("a client that is never idle, and %s", async (_name, leastRate, most) => {
  const poured = pour(pieces(), response, clock, pace({ leastRate })).then(
    () => "whole",
    (error: unknown) => error,
  );
  let rounds = 0;
  let over = false;
  void poured.then(() => {
    over = true;
  });
  while (!over) {
    await Promise.race([waits(), poured]);
    if (over) break;
    rounds += 1;
    await clock.advance(50_000);
    socket.resume();
    await Promise.race([once(socket, "data"), poured]);
    await Promise.race([new Promise((resolve) => response.once("drain", resolve)), poured]);
    socket.pause();
  }
  expect(rounds).toBeLessThanOrEqual(most);
  expect(await poured).toEqual(most === 2 ? expect.objectContaining({ code: "CLIENT_SLOW" }) : "whole");
});

test("waiting for what is to be sent is not held against the client", async () => {
  const slow = (async function* () {
    for (const piece of pieces(3)) {
      await clock.advance(600_000);
      yield piece;
    }
  })();
  socket.resume();
  await pour(slow, response, clock, pace({ leastRate: 1e9 }));
  expect(response.writableFinished).toBe(true);
});

test("a stream waits while its client takes nothing, and ends with it", async () => {
  let read = 0;
  const source = (function* () {
    for (const piece of pieces()) {
      read += 1;
      yield piece;
    }
  })();
  const body = Readable.from(source, { objectMode: false, highWaterMark: 65_536 });
  const poured = pour(body, response, clock, pace({})).catch((error: unknown) => error);
  await waits();
  expect(body.isPaused()).toBe(true);
  expect(read).toBeLessThan(1_024);
  socket.destroy();
  expect(await poured).toMatchObject({ code: "CLIENT_GONE" });
  expect([body.destroyed, clock.waits]).toEqual([true, []]);
});

test.each([
  ["fails", new Error("broken"), /broken/],
  ["is ended by somebody else", undefined, /the client has gone/],
])("a stream that %s is no whole answer", async (_name, error, message) => {
  const body = new Readable({ read: () => undefined });
  const poured = pour(body, response, clock, pace({}));
  body.push(Buffer.from("a piece"));
  body.destroy(error);
  await expect(poured).rejects.toThrow(message);
  expect(response.writableEnded).toBe(false);
});

test("a client that leaves ends it", async () => {
  const poured = pour(pieces(), response, clock, pace({})).catch((error: unknown) => error);
  await waits();
  socket.destroy();
  expect(await poured).toMatchObject({ code: "CLIENT_GONE" });
  expect(clock.waits).toEqual([]);
});
