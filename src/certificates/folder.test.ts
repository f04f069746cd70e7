import { afterEach, describe, expect, test } from "vitest";
import { LeapingClock, MemoryStore } from "../../test/support/certificates/memory-store.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { FolderCertificates, type FolderCertificatesOptions } from "./folder.ts";
import type { ServingCertificate } from "./source.ts";
import type { CertificateStore } from "./store.ts";

const day = 86_400_000;
const servedHosts = ["localhost", "127.0.0.1"];

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function start(
  options: Partial<FolderCertificatesOptions> & { readonly store: CertificateStore; readonly clock: LeapingClock },
) {
  const keeper = new FolderCertificates({ hosts: servedHosts, random: () => 0, ...options });
  const controller = new AbortController();
  const installed: ServingCertificate[] = [];
  const problems: Error[] = [];
  const run = async () => {
    const first = await keeper.obtain(controller.signal);
    installed.push(first);
    const ended = keeper.watch({
      signal: controller.signal,
      install: (certificate) => installed.push(certificate),
      report: (problem) => problems.push(problem),
    });
    ends.push(async () => {
      controller.abort();
      await ended;
    });
    return first;
  };
  return { run, installed, problems };
}

describe("FolderCertificates", () => {
  test("stores what it made, and says so", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    const said: string[] = [];
    const first = await start({ store, clock, announce: (sentence) => said.push(sentence) }).run();
    expect(store.stored?.data["tls.crt"]).toBe(first.cert);
    expect(said).toEqual(["Secret metahub/tls: new certificate authority: nothing is stored yet"]);
  });

  test("renews at two thirds of the life, without anybody asking", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    const { run, installed } = start({ store, clock, pollMs: 365 * day });
    await run();
    await clock.advance(59.9 * day);
    await clock.idle();
    expect(installed).toHaveLength(1);
    await clock.advance(0.2 * day);
    await clock.idle();
    expect(installed).toHaveLength(2);
    expect(store.writes).toBe(2);
  });

  test("renews once where two replicas race, and both serve the same", async () => {
    const store = new MemoryStore();
    const clocks = [new LeapingClock(), new LeapingClock()];
    const replicas = clocks.map((clock) => start({ store, clock }));
    const [first, second] = await Promise.all(replicas.map(({ run }) => run()));
    expect(second?.cert).toBe(first?.cert);
    expect(store.writes).toBe(1);
    await Promise.all(clocks.map((clock) => clock.advance(61 * day)));
    await Promise.all(clocks.map((clock) => clock.idle()));
    for (const { installed } of replicas) expect(installed.at(-1)?.cert).toBe(store.stored?.data["tls.crt"]);
    expect(replicas.map(({ installed }) => installed.length)).toEqual([2, 2]);
    expect(store.writes).toBe(2);
  });

  test("loses a race without harm: reads what the other wrote", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    const other = new MemoryStore();
    const winner = await start({ store: other, clock }).run();
    store.meanwhile = () => {
      store.meanwhile = undefined;
      store.stored = other.stored;
    };
    expect((await start({ store, clock }).run()).cert).toBe(winner.cert);
  });

  test("gives up with a reason where somebody writes all the time", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    let version = 0;
    store.meanwhile = () => {
      store.stored = { data: {}, version: `other-${++version}` };
    };
    await expect(start({ store, clock }).run()).rejects.toMatchObject({ code: "CONTENDED" });
  });

  test("makes a corrupt Secret anew, and says why", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    store.stored = { data: { "ca.crt": "nonsense", "ca.key": "k" }, version: "0" };
    const said: string[] = [];
    const { cert } = await start({ store, clock, announce: (sentence) => said.push(sentence) }).run();
    expect(store.stored?.data["tls.crt"]).toBe(cert);
    expect(said[0]).toBe("Secret metahub/tls: new certificate authority: ca.crt holds no readable certificate");
  });

  test("keeps serving while the store fails, reports it, and goes on by itself", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    const { run, installed, problems } = start({ store, clock });
    await run();
    store.failure = new Error("unreachable");
    await clock.advance(60_000);
    await clock.idle();
    expect(problems).toEqual([store.failure]);
    store.failure = undefined;
    await clock.advance(61 * day);
    await clock.idle();
    expect(installed).toHaveLength(2);
  });

  test("tries again after a second, then after twice as long each time, up to the poll; and begins anew after that", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    const { run, problems } = start({ store, clock, pollMs: 10_000 });
    await run();
    for (const waits of [
      [10_000, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000],
      [10_000, 1_000],
    ]) {
      store.failure = new Error("unreachable");
      for (const wait of waits) {
        const before = problems.length;
        await clock.advance(wait - 1);
        await settle();
        expect(problems).toHaveLength(before);
        await clock.advance(1);
        await clock.idle();
        expect(problems).toHaveLength(before + 1);
      }
      store.failure = undefined;
      await clock.advance(10_000);
      await clock.idle();
    }
  });

  test("leaves no timer behind", async () => {
    const [store, clock] = [new MemoryStore(), new LeapingClock()];
    await start({ store, clock }).run();
    await clock.idle();
    for (const end of ends.splice(0)) await end();
    expect(clock.timers).toBe(0);
  });
});
