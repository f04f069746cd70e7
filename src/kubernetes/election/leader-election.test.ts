import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, status } from "../../../test/support/api-server/fake.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { KubernetesClient } from "../client/client.ts";
import { LeaderElection, type LeaderElectionOptions } from "./leader-election.ts";

const path = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";

interface Candidate {
  readonly election: LeaderElection;
  readonly clock: ManualClock;
  readonly stop: AbortController;
  readonly log: string[];
  readonly running: Promise<void>;
  /** Resolves when the log holds that, so many times. */
  logged(line: string, times?: number): Promise<void>;
}

let server: FakeApiServer;
let clients: KubernetesClient[];
beforeEach(async () => {
  server = await FakeApiServer.start();
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
});

const lease = () => server.store.get(path, "lock")?.["spec"];

/** Leads until it is told to stop. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function candidate(
  identity: string,
  onLeading: (signal: AbortSignal) => Promise<void> = untilAborted,
  more: Partial<LeaderElectionOptions> = {},
): Candidate {
  const clock = new ManualClock();
  const client = new KubernetesClient({ access: server.access(), userAgent: "t", clock });
  clients.push(client);
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  const note = (line: string): void => {
    log.push(line);
    for (const wake of waiting.splice(0)) wake();
  };
  const election = new LeaderElection({
    client,
    namespace: "ns",
    name: "lock",
    identity,
    clock,
    random: () => 0,
    observe: (event) => note(event.type === "follows" ? `follows ${event.leader}` : event.type),
    ...more,
  });
  const stop = new AbortController();
  const running = election.run(stop.signal, onLeading);
  running.catch(() => undefined);
  const logged = async (line: string, times = 1): Promise<void> => {
    while (log.filter((each) => each === line).length < times)
      await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { election, clock, stop, log, running, logged };
}

/** Lets time pass in steps of the retry period, each try finished before the next. */
async function pass(candidate: Candidate, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 2_000) {
    await candidate.clock.timer((wait) => wait === 2_000);
    await candidate.clock.advance(Math.min(2_000, left));
  }
}

test("the first creates the Lease, renews it, and gives it back", async () => {
  const a = candidate("a");
  await a.logged("leading");
  expect(a.election.isLeader).toBe(true);
  expect(lease()).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(lease()).toMatchObject({ renewTime: expect.stringMatching(/^2026-01-01T00:00:00\.\d{6}Z$/) });
  const before = server.store.version;
  await pass(a, 20_000);
  expect(server.store.version).toBeGreaterThanOrEqual(before + 9);
  expect(lease()).toMatchObject({ acquireTime: "2026-01-01T00:00:00.000000Z", leaseTransitions: 0 });
  a.stop.abort();
  await a.running;
  expect(a.log).toEqual(["leading", "released"]);
  expect(lease()).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
  expect([a.election.isLeader, a.clock.waits]).toEqual([false, []]);
});

describe("the second", () => {
  test("takes over at once what was given back", async () => {
    const a = candidate("a");
    await a.logged("leading");
    const b = candidate("b");
    await b.logged("follows a");
    expect(b.election.leader).toBe("a");
    a.stop.abort();
    await a.running;
    await pass(b, 2_000);
    await b.logged("leading");
    expect(lease()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
    b.stop.abort();
    await b.running;
  });

  test("waits for the duration by its own clock, whatever the times in the Lease say", async () => {
    const renewTime = "1999-01-01T00:00:00.000000Z";
    const spec = { holderIdentity: "dead", leaseDurationSeconds: 15, renewTime, leaseTransitions: 3 };
    server.store.put(path, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "lock", labels: { l: "1" } },
      spec,
    });
    const b = candidate("b");
    await b.logged("follows dead");
    await pass(b, 14_000);
    await b.clock.timer((wait) => wait === 2_000);
    expect(b.log).toEqual(["follows dead"]);
    await pass(b, 2_000);
    await b.logged("leading");
    expect(lease()).toMatchObject({ holderIdentity: "b", leaseTransitions: 4 });
    expect(server.store.get(path, "lock")?.metadata["labels"]).toEqual({ l: "1" });
    b.stop.abort();
    await b.running;
  });

  test("does not take what another renews", async () => {
    const a = candidate("a");
    await a.logged("leading");
    const b = candidate("b");
    await b.logged("follows a");
    for (let n = 0; n < 20; n++) {
      await pass(a, 2_000);
      await a.clock.timer((wait) => wait === 2_000);
      await pass(b, 2_000);
      await b.clock.timer((wait) => wait === 2_000);
    }
    expect([a.log, b.log]).toEqual([["leading"], ["follows a"]]);
    for (const each of [b, a]) {
      each.stop.abort();
      await each.running;
    }
  });

  test("loses when both try in the same moment", async () => {
    const [a, b] = [candidate("a"), candidate("b")];
    await Promise.race([a.logged("leading"), b.logged("leading")]);
    await Promise.race([a.clock.timer((wait) => wait === 2_000), b.clock.timer((wait) => wait === 2_000)]);
    expect([a, b].filter(({ election }) => election.isLeader)).toHaveLength(1);
    for (const each of [a, b]) {
      each.stop.abort();
      await each.running;
    }
  });
});

describe("losing", () => {
  test("a leader that cannot renew for 10 s is told, before anybody else may lead, and tries again", async () => {
    let term: AbortSignal | undefined;
    const a = candidate("a", (signal) => {
      term = signal;
      return untilAborted(signal);
    });
    await a.logged("leading");
    let broken = true;
    server.always((_, response) => broken && status(response, 500, "InternalError", "x"));
    await pass(a, 8_000);
    // The last try's own limit is two seconds as well; it must have failed before the clock goes on.
    await a.logged("failed", 4);
    await a.clock.timer((wait) => wait === 2_000);
    expect(term?.aborted).toBe(false);
    await a.clock.advance(2_000);
    await a.logged("lost");
    expect(term?.reason).toMatchObject({ code: "TIMEOUT", cause: { code: "SERVER_ERROR" } });
    expect(a.election.isLeader).toBe(false);
    broken = false;
    await pass(a, 2_000);
    await a.logged("leading", 2);
    a.stop.abort();
    await a.running;
  });

  test("a Lease with another's name in it is lost at once", async () => {
    const a = candidate("a");
    await a.logged("leading");
    const spec = { holderIdentity: "b", leaseDurationSeconds: 15, leaseTransitions: 9 };
    server.store.put(path, { metadata: { name: "lock" }, spec });
    await pass(a, 2_000);
    await a.logged("lost");
    a.stop.abort();
    await a.running;
    expect(lease()).toMatchObject({ holderIdentity: "b" });
  });

  test("a renewal that hangs does not hide the deadline", async () => {
    const a = candidate("a");
    await a.logged("leading");
    let stuck = true;
    server.always(() => stuck);
    await pass(a, 2_000);
    await a.clock.timer((wait) => wait === 5_000);
    await a.clock.advance(5_000);
    await a.clock.timer((wait) => wait === 2_000);
    await a.clock.advance(2_000);
    await a.clock.timer((wait) => wait === 1_000);
    await a.clock.advance(1_000);
    await a.logged("lost");
    stuck = false;
    a.stop.abort();
    await a.running;
  });
});

describe("the work", () => {
  test("that ends by itself ends leadership", async () => {
    const a = candidate("a", () => Promise.resolve());
    await a.running;
    expect(a.log).toEqual(["leading", "released"]);
  });

  test("that fails gives the Lease back and is heard of", async () => {
    const a = candidate("a", () => Promise.reject(new Error("broken")));
    await expect(a.running).rejects.toThrow("broken");
    expect(a.log).toEqual(["leading", "released"]);
    expect(a.clock.waits).toEqual([]);
  });

  test("keeps the Lease while it winds down", async () => {
    const winding = Promise.withResolvers<void>();
    const a = candidate("a", () => winding.promise);
    await a.logged("leading");
    a.stop.abort();
    const before = server.store.version;
    await pass(a, 6_000);
    await a.clock.timer((wait) => wait === 2_000);
    expect(server.store.version).toBe(before + 3);
    winding.resolve();
    await a.running;
    expect(lease()).toMatchObject({ holderIdentity: "" });
  });

  test("that never ends is given up, and its Lease runs out", async () => {
    const a = candidate("a", () => Promise.withResolvers<void>().promise);
    await a.logged("leading");
    a.stop.abort();
    await pass(a, 10_000);
    await expect(a.running).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(lease()).toMatchObject({ holderIdentity: "a" });
    expect(a.clock.waits).toEqual([]);
  });
});

test.each([{ leaseMs: 10_000 }, { renewDeadlineMs: 2_400 }, { leaseMs: 15_500 }, { identity: "" }])(
  "%o is refused",
  (more) => {
    const client = new KubernetesClient({ access: server.access(), userAgent: "t" });
    clients.push(client);
    const options = { client, namespace: "ns", name: "lock", identity: "a", ...more };
    expect(() => new LeaderElection(options)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  },
);
