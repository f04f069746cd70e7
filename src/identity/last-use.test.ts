import { expect, test } from "vitest";
import type { MachineCredential } from "../api/machine-credential.ts";
import { LastUse } from "./last-use.ts";

const start = Date.UTC(2026, 10, 29, 12);

function credential(name: string): MachineCredential {
  return {
    apiVersion: "metahub.dev/v1alpha1",
    kind: "MachineCredential",
    metadata: { name, namespace: "hpc" },
    spec: { machineType: "type1", secretHash: `sha256:${"0".repeat(64)}` },
  };
}

/** Runs until the work is done; `writes` and `failures` are what happened. */
async function using(work: (bench: Bench) => Promise<void>): Promise<Bench> {
  const ended = new AbortController();
  const bench: Bench = { now: start, writes: [], failures: [], failing: false, lastUse: undefined as never, settled };
  bench.lastUse = new LastUse({
    now: () => new Date(bench.now),
    write: async ({ metadata }, lastUsed) => {
      if (bench.failing) throw new Error("away");
      bench.writes.push(`${metadata.name} ${lastUsed}`);
    },
    onError: (_error, id) => void bench.failures.push(id),
  });
  const running = bench.lastUse.run(ended.signal);
  await work(bench);
  ended.abort();
  await running;
  return bench;
}
interface Bench {
  now: number;
  readonly writes: string[];
  readonly failures: string[];
  failing: boolean;
  lastUse: LastUse;
  settled(): Promise<void>;
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("each credential's use is written once in an hour, however often it is used", async () => {
  const { writes } = await using(async (bench) => {
    for (let pull = 0; pull < 100; pull += 1) bench.lastUse.used(credential(pull % 2 === 0 ? "a" : "b"));
    await settled();
    bench.now += 3_599_999;
    bench.lastUse.used(credential("a"));
    await settled();
    bench.now += 1;
    bench.lastUse.used(credential("a"));
    await settled();
  });
  expect(writes).toEqual(["a 2026-11-29T12:00:00Z", "b 2026-11-29T12:00:00Z", "a 2026-11-29T13:00:00Z"]);
});

test("a write that fails is told, and a use a minute later tries again", async () => {
  const { writes, failures } = await using(async (bench) => {
    bench.failing = true;
    bench.lastUse.used(credential("a"));
    await settled();
    bench.failing = false;
    bench.lastUse.used(credential("a"));
    await settled();
    expect(bench.writes).toEqual([]);
    bench.now += 60_000;
    bench.lastUse.used(credential("a"));
    await settled();
  });
  expect(failures).toEqual(["hpc/a"]);
  expect(writes).toEqual(["a 2026-11-29T12:01:00Z"]);
});

test("one that is made anew under its name is written again", async () => {
  const { writes } = await using(async (bench) => {
    bench.lastUse.used(credential("a"));
    await settled();
    bench.lastUse.keepOnly(new Set(["hpc/b"]));
    bench.lastUse.used(credential("a"));
    await settled();
  });
  expect(writes).toHaveLength(2);
});
