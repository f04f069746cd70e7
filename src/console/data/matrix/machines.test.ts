import { expect, test } from "vitest";
import { facts, machineType } from "../../../../test/support/inventory.ts";
import { plainContext } from "../../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { machinesFor } from "./machines.ts";

test("the only node of a machine type has no row beside its type's", () => {
  const nodes = [facts("a1", { pool: "a" }), facts("b1", { pool: "b" }), facts("b2", { pool: "b" }), facts("c1", {})];
  const types = [machineType("a", { pool: "a" }), machineType("b", { pool: "b" })];
  const found = machinesFor(new SnapshotBuilder().build(nodes, types, plainContext));
  expect(found.machines.map(({ name }) => name)).toEqual(["a", "b", "b1", "b2", "c1"]);
});
