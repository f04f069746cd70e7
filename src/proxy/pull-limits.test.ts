import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { type ProxySite, type ProxySiteOptions, startProxySite } from "../../test/support/proxy/site.ts";
import { defaultLimits } from "./settings.ts";

const base = "/v2/qnib/bench";
const piece = Buffer.alloc(65_536, 7);
/** 64 MiB: more than the buffers of a connection hold. */
const times = 1_024;

let site: ProxySite | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await site?.close();
  site = undefined;
});

async function start(options: ProxySiteOptions = {}): Promise<ProxySite> {
  site = await startProxySite(options);
  return site;
}

/** Asks, and reads the head of the answer and no more. */
async function askAndStall(url: string, path: string, user: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.push(socket);
  socket.on("error", () => undefined);
  const authorization = `Basic ${Buffer.from(`${user}:x`).toString("base64")}`;
  socket.write(`GET ${path} HTTP/1.1\r\nhost: hub\r\nauthorization: ${authorization}\r\n\r\n`);
  const [head] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  socket.pause();
  expect(String(head)).toMatch(/^HTTP\/1\.1 200 /);
  return socket;
}

test("one credential has so many requests at once, another its own, and a client that leaves gives its place back", async () => {
  const { upstream, ask } = await start({ settings: { limits: { ...defaultLimits, requestsPerCredential: 2 } } });
  upstream.faults.add({ path: /manifests\/hangs/, fault: { kind: "hang" } });
  const leaving = new AbortController();
  const hanging = ["a", "b"].map((name) =>
    ask(`${base}/manifests/hangs-${name}`, "type1", { signal: leaving.signal }).catch((error: unknown) => error),
  );
  for (const name of ["a", "b"]) await upstream.received(({ path }) => path.endsWith(`hangs-${name}`));
  const refused = await ask(`${base}/manifests/latest`, "type1");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(JSON.parse(await refused.text()).errors[0].code).toBe("TOOMANYREQUESTS");
  expect((await ask(`${base}/manifests/latest`, "type2", { method: "HEAD" })).status).toBe(200);
  leaving.abort();
  await Promise.all(hanging);
  await expect.poll(async () => (await ask(`${base}/manifests/latest`, "type1", { method: "HEAD" })).status).toBe(200);
});

test("a client that takes nothing of a blob loses its connection, its place and the upstream's", async () => {
  const clock = new ManualClock();
  const { upstream, url, ask, log } = await start({
    api: { clock },
    settings: { limits: { ...defaultLimits, requestsPerCredential: 1 } },
  });
  const closed = Promise.withResolvers<void>();
  let taken = 0;
  const count = (bytes: number): void => {
    taken = bytes;
  };
  const fault = { kind: "repeat", piece, times, closed: closed.resolve, taken: count } as const;
  upstream.faults.add({ path: /\/blobs\//, times: 1, fault });
  const socket = await askAndStall(url, `${base}/blobs/sha256:${"1".repeat(64)}`, "type1");
  await clock.timer((ms) => ms === 60_000);
  expect((await ask(`${base}/manifests/latest`, "type1", { method: "HEAD" })).status).toBe(429);
  await clock.advance(60_000);
  await closed.promise;
  // Nothing is read ahead of the client but what the connections' buffers hold.
  expect(taken).toBeLessThan(0.75 * piece.length * times);
  socket.resume();
  await once(socket, "close");
  expect(socket.bytesRead).toBeLessThan(piece.length * times);
  expect(log.some((line) => line.includes("takes too little") && line.includes("qnib/bench"))).toBe(true);
  expect(log.join("")).not.toContain("an upstream failed");
  expect((await ask(`${base}/manifests/latest`, "type1", { method: "HEAD" })).status).toBe(200);
});

test("a stream ends within a second once its credential counts no more, and another's goes on", async () => {
  const clock = new ManualClock();
  const revoked = new Set<string>();
  const { upstream, url, log } = await start({ api: { clock }, revoked });
  const closed = Promise.withResolvers<void>();
  const path = `${base}/blobs/sha256:${"1".repeat(64)}`;
  upstream.faults.add({ path: /blobs/, times: 1, fault: { kind: "repeat", piece, times, closed: closed.resolve } });
  const socket = await askAndStall(url, path, "type1");
  upstream.faults.add({ path: /blobs/, times: 1, fault: { kind: "repeat", piece, times } });
  const other = await askAndStall(url, path, "type2");
  await clock.advance(10_000);
  expect(log.join("")).not.toContain("count no more");
  revoked.add("type1");
  await clock.advance(1_000);
  await closed.promise;
  await once(socket.resume(), "close");
  expect(socket.bytesRead).toBeLessThan(piece.length * times);
  expect(log.filter((line) => line.includes("these credentials count no more"))).toEqual([
    expect.stringContaining('"credential":"type1"'),
  ]);
  await once(other.resume(), "data");
});

test("how long a client may take nothing is as the settings say", async () => {
  const clock = new ManualClock();
  const limits = { ...defaultLimits, idleSeconds: 7 };
  const { upstream, url, log } = await start({ api: { clock }, settings: { limits } });
  upstream.faults.add({ path: /blobs/, times: 1, fault: { kind: "repeat", piece, times } });
  const socket = await askAndStall(url, `${base}/blobs/sha256:${"1".repeat(64)}`, "type1");
  await clock.timer((ms) => ms === 7_000);
  // Until the connection's buffers are full.
  const given = async (): Promise<string> => {
    await clock.advance(7_000);
    return log.join("");
  };
  await expect.poll(given).toContain("takes too little");
  expect(clock.waits).not.toContain(60_000);
  await once(socket.resume(), "close");
});

test("a limit of streams that changes counts for who comes next", async () => {
  let most = 2;
  const streams = { most: 8, now: () => most };
  const { upstream, url } = await start({ client: { streams, streamsPerHost: streams } });
  upstream.faults.add({ path: /blobs/, fault: { kind: "repeat", piece, times } });
  const path = `${base}/blobs/sha256:${"1".repeat(64)}`;
  await askAndStall(url, path, "type1");
  const waiting = askAndStall(url, path, "type1");
  // It waits for a place, since one that is alone gets half of two. The next one's coming shows that it does.
  const asked = () => upstream.requests.filter((request) => request.path.includes("/blobs/sha256:111")).length;
  await askAndStall(url, path, "type2");
  expect(asked()).toBe(2);
  most = 8;
  // What is left then would not do for it as before.
  sockets[2]?.destroy();
  await waiting;
  expect(asked()).toBe(3);
});

test("credentials share the streams of an upstream: one that takes all it can leaves some for the next", async () => {
  const { upstream, url, ask } = await start({ client: { streams: 4, streamsPerHost: 4 } });
  const path = `${base}/blobs/sha256:${"1".repeat(64)}`;
  upstream.faults.add({ path: /blobs\/sha256:111/, fault: { kind: "repeat", piece, times } });
  await askAndStall(url, path, "type1");
  await askAndStall(url, path, "type1");
  const third = askAndStall(url, path, "type1").catch((error: unknown) => error);
  const manifest = JSON.parse(await (await ask(`${base}/manifests/latest`, "type2")).text());
  const blob = await ask(`${base}/blobs/${manifest.config.digest}`, "type2");
  expect(blob.status).toBe(200);
  await blob.arrayBuffer();
  for (const socket of sockets) socket.destroy();
  await third;
});

test("an upstream that gives no place in time is told as one that does not answer", async () => {
  const clock = new ManualClock();
  const { upstream, ask } = await start({ api: { clock } });
  upstream.faults.add({ path: /blobs/, fault: { kind: "hang" } });
  const asked = ask(`${base}/blobs/sha256:${"1".repeat(64)}`, "type1");
  await upstream.received(({ path }) => path.includes("/blobs/sha256:111"));
  await clock.advance(60_000);
  const answer = await asked;
  expect(answer.status).toBe(504);
  await answer.arrayBuffer();
});

test.each([
  ["as long as was said", {}],
  ["of a length that nobody said", { unmeasured: true } as const],
])("a blob that is wrong, and %s, never looks whole", async (_name, more) => {
  const { upstream, url, ask } = await start();
  const bytes = Buffer.alloc(1_000_000, 3);
  const manifest = JSON.parse(await (await ask(`${base}/manifests/latest`, "type1")).text());
  upstream.faults.add({ path: /\/blobs\//, fault: { kind: "body", bytes, ...more } });
  const socket = await askAndStall(url, `${base}/blobs/${manifest.layers[0].digest}`, "type1");
  let last = "";
  socket.on("data", (data: Buffer) => {
    last = data.toString("latin1");
  });
  await once(socket.resume(), "close");
  expect(last).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(socket.bytesRead).toBeLessThan(bytes.length);
});

test("a blob that breaks off upstream breaks off here", async () => {
  const { upstream, ask } = await start();
  const manifest = JSON.parse(await (await ask(`${base}/manifests/latest`, "type1")).text());
  upstream.faults.add({ path: /\/blobs\//, fault: { kind: "closeMidBody" } });
  const answer = await ask(`${base}/blobs/${manifest.layers[0].digest}`, "type1").catch((error: unknown) => error);
  if (answer instanceof Response) await expect(answer.arrayBuffer()).rejects.toThrow();
  else expect(answer).toBeInstanceOf(Error);
});
