import { describe, expect, test } from "vitest";
import { facts, machineType } from "../../../../test/support/inventory.ts";
import { plainContext } from "../../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { foresee } from "./preview.ts";

const nodes = [
  facts("a1", { pool: "a", fast: "yes", "archspec.io/cpu.target": "zen3" }),
  facts("a2", { pool: "a", "archspec.io/cpu.target": "zen2" }),
  facts("b1", { pool: "b" }),
];
const snapshotOf = (...types: Parameters<SnapshotBuilder["build"]>[1] & readonly unknown[]) =>
  new SnapshotBuilder().build(nodes, types, plainContext);
const moved = (from: string | null, to: string | null, count: number) => ({ from, to, nodes: count });

describe("what a draft would catch", () => {
  test("nodes that nobody has", () => {
    const found = foresee(snapshotOf(), "new", machineType("new", { pool: "a" }));
    expect(found).toMatchObject({ nodes: 2, names: ["a1", "a2"], moved: [moved(null, "new", 2)] });
    // The archspec names differ; only what both have is told.
    expect(found.features).toEqual([]);
    expect(found.warnings).toEqual(["Its nodes offer 2 different things: shown is what all of them have."]);
  });

  test("a higher priority takes nodes, a lower one leaves them, and both are told", () => {
    const snapshot = snapshotOf(machineType("old", { pool: "a" }));
    const higher = foresee(snapshot, "new", machineType("new", { fast: "yes" }, { priority: 1 }));
    expect(higher).toMatchObject({ names: ["a1"], moved: [moved("old", "new", 1)] });
    expect(higher.warnings).toEqual([expect.stringContaining("old (1 nodes)")]);
    const lower = foresee(snapshot, "new", machineType("new", { fast: "yes" }, { priority: -1 }));
    expect(lower).toMatchObject({ names: [], moved: [] });
    expect(lower.warnings).toEqual([
      "No node would be of this machine type.",
      expect.stringContaining("old (1 nodes)"),
    ]);
  });

  test("a change of the selector lets nodes go, to the next type or to none", () => {
    const snapshot = snapshotOf(
      machineType("old", { pool: "a" }, { priority: 2 }),
      machineType("next", { fast: "yes" }),
    );
    expect(foresee(snapshot, "old", machineType("old", { pool: "b" }, { priority: 2 }))).toMatchObject({
      names: ["b1"],
      moved: expect.arrayContaining([moved("old", "next", 1), moved("old", null, 1), moved(null, "old", 1)]),
    });
  });

  test("a declaration counts for what is offered", () => {
    const draft = machineType("new", { pool: "a" }, { features: ["cpu:zen2"] });
    expect(foresee(snapshotOf(), "new", draft)).toMatchObject({ features: ["cpu:zen2"], warnings: [] });
  });

  test("a deletion gives nodes to the next type, or to none", () => {
    const snapshot = snapshotOf(
      machineType("old", { pool: "a" }, { priority: 2 }),
      machineType("next", { fast: "yes" }),
    );
    expect(foresee(snapshot, "old", undefined)).toMatchObject({
      nodes: 0,
      moved: expect.arrayContaining([moved("old", "next", 1), moved("old", null, 1)]),
    });
  });

  test("names are bounded, and the count is of all", () => {
    const many = Array.from({ length: 300 }, (_, index) => facts(`n${String(index).padStart(3, "0")}`, { pool: "m" }));
    const snapshot = new SnapshotBuilder().build(many, [], plainContext);
    expect(foresee(snapshot, "new", machineType("new", { pool: "m" }))).toMatchObject({
      nodes: 300,
      names: { length: 200 },
    });
  });
});
