import { describe, expect, test } from "vitest";
import type { Candidate } from "./candidate.ts";
import { Partition, type Reading } from "./partition.ts";

const profile = {
  id: "p",
  platform: { os: "linux", architecture: "amd64" },
  features: [],
  accelerators: [],
  notes: [],
};
function candidates(...pools: (string | undefined)[]): Candidate[] {
  return pools.map((pool, row) => ({
    kind: "node",
    name: `n${row}`,
    labels: pool === undefined ? {} : { pool },
    taints: [],
    allocatable: {},
    profile,
  }));
}

describe("Partition", () => {
  const read: Reading = (candidate) => candidate.labels["pool"];
  test("groups by value, the absent value too", () => {
    const partition = Partition.of(candidates("a", undefined, "a", "b"), read);
    expect([...partition.groups]).toEqual([0, 1, 0, 2]);
    expect(partition.size).toBe(3);
    expect([partition.groupOf("b"), partition.groupOf(undefined), partition.groupOf("c")]).toEqual([2, 1, undefined]);
  });

  test("carries over what it has read, and reads only what is new", () => {
    const before = Partition.of(candidates("a", "b", "b"), read);
    const reads: string[] = [];
    const after = before.carry(candidates("b", "c", "b"), Int32Array.of(2, -1, 1), (candidate) => {
      reads.push(candidate.name);
      return read(candidate);
    });
    expect(reads).toEqual(["n1"]);
    expect([...(after?.groups ?? [])]).toEqual([1, 2, 1]);
    expect([after?.groupOf("c"), before.groupOf("c")]).toEqual([2, undefined]);
  });

  test("is built afresh rather than carry many empty groups", () => {
    const names = Array.from({ length: 100 }, (_, row) => `pool-${row}`);
    const before = Partition.of(candidates(...names), read);
    expect(before.carry(candidates("pool-0"), Int32Array.of(0), read)).toBeUndefined();
  });
});
