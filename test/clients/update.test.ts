import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "undici";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type GeneratedUpstream, startGeneratedUpstream } from "../support/proxy/generated-upstream.ts";
import { type ProxyProcess, startProxyProcess } from "./proxy-process.ts";

// A replica that is replaced, as a kubelet does it: SIGTERM, and its grace.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const mib = 1_048_576;

let upstream: GeneratedUpstream;
const proxies: ProxyProcess[] = [];
beforeAll(async () => {
  upstream = await startGeneratedUpstream();
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.stop();
});
afterAll(() => upstream.close());

async function start(...flags: readonly string[]): Promise<ProxyProcess> {
  const proxy = await startProxyProcess(upstream.host, flags);
  proxies.push(proxy);
  return proxy;
}

/** A client that comes anew each time, as each machine does. */
async function open({ url, authorization }: ProxyProcess, digest: string) {
  const dispatcher = new Agent();
  const { headers, body, statusCode } = await request(`${url}/v2/qnib/big/blobs/${digest}`, {
    dispatcher,
    headers: { authorization },
  });
  body.once("close", () => void dispatcher.destroy());
  return { statusCode, headers, body };
}

async function digestOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of body) hash.update(piece);
  return `sha256:${hash.digest("hex")}`;
}

const readiness = async ({ health }: ProxyProcess): Promise<number> =>
  (await fetch(`${health}/readyz`).catch(() => ({ status: 0 }))).status;

test("a replica that is told to end says so first, takes nobody new then, and finishes what is under way", async () => {
  const proxy = await start("--drain", "5000");
  const digest = upstream.add({ size: 256 * mib });
  const { body } = await open(proxy, digest);
  const [first] = await once(body, "data");
  body.pause();
  proxy.tell();
  await expect.poll(() => readiness(proxy), { timeout: 20_000 }).toBe(503);
  // Somebody who has not heard of it yet.
  const late = upstream.add({ size: mib });
  const { headers, body: answer } = await open(proxy, late);
  expect([headers["connection"], await digestOf(answer)]).toEqual(["close", late]);
  const again = async (): Promise<string> => {
    try {
      await (await open(proxy, late)).body.dump();
      return "answered";
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : String(error);
    }
  };
  await expect.poll(again, { timeout: 30_000 }).toBe("ECONNREFUSED");
  expect(await readiness(proxy)).toBe(503);
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    yield* body;
  };
  expect(await digestOf(rest())).toBe(digest);
  expect(await proxy.ended).toBe(0);
});

test("a client that takes nothing keeps no replica beyond its grace", async () => {
  const proxy = await start("--finish", "1000");
  const { body } = await open(proxy, upstream.add({ size: 257 * mib }));
  await once(body, "data");
  body.pause();
  proxy.tell();
  expect(await proxy.ended).toBe(0);
  await expect(digestOf(body)).rejects.toThrow(/terminated|other side closed|aborted|ECONNRESET/);
});

test("an update of all replicas, one after another, fails no pull", async () => {
  const replica = (): Promise<ProxyProcess> => start("--drain", "3000");
  const digest = upstream.add({ size: 24 * mib });
  // As a Service has it: those that were ready when somebody looked.
  let members = [await replica(), await replica()];
  let over = false;
  const pulls = { good: 0, bad: [] as unknown[] };
  const client = async (number: number): Promise<void> => {
    for (let turn = number; !over; turn++) {
      const proxy = members[turn % members.length];
      if (proxy === undefined) throw new Error("no replica is there");
      try {
        expect(await digestOf((await open(proxy, digest)).body)).toBe(digest);
        pulls.good += 1;
      } catch (error) {
        pulls.bad.push(error);
      }
    }
  };
  const clients = [0, 1, 2].map(client);
  for (const old of [...members]) {
    const before = pulls.good;
    const next = await replica();
    members = [...members, next];
    old.tell();
    await expect.poll(() => readiness(old), { timeout: 20_000 }).not.toBe(200);
    members = members.filter((each) => each !== old);
    expect(await old.ended).toBe(0);
    await expect.poll(() => pulls.good, { timeout: 30_000 }).toBeGreaterThan(before + 3);
  }
  over = true;
  await Promise.all(clients);
  expect(pulls.bad).toEqual([]);
});
