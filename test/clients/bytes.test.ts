import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type GeneratedUpstream, startGeneratedUpstream } from "../support/proxy/generated-upstream.ts";
import { type ProxyProcess, startProxyProcess } from "./proxy-process.ts";
import { countBytes, mostMemory } from "./pulls.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const mib = 1_048_576;
const tags = Array.from({ length: 10_000 }, (_, index) => `v${String(index).padStart(5, "0")}`);

let upstream: GeneratedUpstream;
let proxy: ProxyProcess;
let dispatcher: Agent;
beforeAll(async () => {
  upstream = await startGeneratedUpstream(tags);
  proxy = await startProxyProcess(upstream.host);
  dispatcher = new Agent();
});
afterAll(async () => {
  await dispatcher.destroy();
  await proxy.stop();
  await upstream.close();
});

const open = (digest: string) =>
  request(`${proxy.url}/v2/qnib/big/blobs/${digest}`, {
    dispatcher,
    headers: { authorization: proxy.authorization },
  });

test("a blob of 1 GiB passes, and is never in memory", async () => {
  const size = 1_024 * mib;
  const { statusCode, body } = await open(upstream.add({ size }));
  expect([statusCode, await countBytes(body)]).toEqual([200, size]);
  expect(proxy.mostMemory()).toBeLessThan(mostMemory);
});

test("a client that stalls makes the upstream wait, and holds nobody else up", async () => {
  const digest = upstream.add({ size: 512 * mib });
  const stalled = await open(digest);
  const [first] = await once(stalled.body, "data");
  stalled.body.pause();
  expect(first.length).toBeGreaterThan(0);
  const other = await open(upstream.add({ size: 64 * mib }));
  expect(await countBytes(other.body)).toBe(64 * mib);
  // Sockets of four ends are full, and no more was asked for: the kernel grows each to 6 MiB at most (tcp_rmem).
  expect(upstream.sent(digest)).toBeLessThan(64 * mib);
  const cut = upstream.cut(digest);
  stalled.body.on("error", () => undefined).destroy();
  await cut;
});

test("a client that leaves ends the pull from the upstream", async () => {
  const digest = upstream.add({ size: 513 * mib });
  const { body } = await open(digest);
  await once(body, "data");
  const cut = upstream.cut(digest);
  body.on("error", () => undefined).destroy();
  await cut;
  expect(upstream.sent(digest)).toBeLessThan(513 * mib);
});

describe("an upstream that does not keep its word is never a whole answer", () => {
  test.each(["breaks", "other bytes", "too long", "too short"] as const)("%s", async (fault) => {
    const { statusCode, body } = await open(upstream.add({ size: 8 * mib, fault }));
    // The head went out before the fault was there.
    expect(statusCode).toBe(200);
    await expect(countBytes(body)).rejects.toThrow(/terminated|other side closed|aborted|ECONNRESET/);
  });
});

test("two thousand connections that say nothing keep nobody out", async () => {
  const sockets: Socket[] = [];
  const { port } = new URL(proxy.url);
  try {
    for (let index = 0; index < 2_000; index++) {
      const socket = connect(Number(port), "127.0.0.1");
      // It may be ended for its silence meanwhile.
      socket.resume().on("error", () => undefined);
      sockets.push(socket);
      await once(socket, "connect");
    }
    const { body } = await open(upstream.add({ size: 3 * mib }));
    expect(await countBytes(body)).toBe(3 * mib);
    expect(proxy.mostMemory()).toBeLessThan(mostMemory);
    // Those that never ask are ended, not kept.
    await Promise.all(sockets.map((socket) => (socket.destroyed ? undefined : once(socket, "close"))));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test("ten thousand tags are listed, whole or page by page", async () => {
  const list = async (path: string) => {
    const { headers, body } = await request(`${proxy.url}${path}`, {
      dispatcher,
      headers: { authorization: proxy.authorization },
    });
    const { tags: page }: { tags: readonly string[] } = JSON.parse(await body.text());
    return { page, next: /<([^>]+)>; rel="next"/.exec(String(headers["link"] ?? ""))?.[1] };
  };
  expect((await list("/v2/qnib/many/tags/list")).page).toEqual(tags);
  const seen: string[] = [];
  let path: string | undefined = "/v2/qnib/many/tags/list?n=1000";
  for (let pages = 0; path !== undefined && pages <= 10; pages++) {
    const { page, next } = await list(path);
    seen.push(...page);
    path = next;
  }
  expect(seen).toEqual(tags);
});
