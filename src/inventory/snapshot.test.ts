import { expect, test } from "vitest";
import { facts, machineType } from "../../test/support/inventory.ts";
import { formatFeature } from "../hardware/feature.ts";
import { plainContext } from "./inventory.ts";
import { SnapshotBuilder } from "./snapshot.ts";

const broadwell = machineType("type1", { pool: "a" }, { features: ["cpu:broadwell"] });
const skylake = machineType("type2", { pool: "b" }, { features: ["cpu:skylake"] });
const nodes = [facts("n1", { pool: "a" }), facts("n2", { pool: "a" }), facts("n3", { pool: "b" }), facts("n4")];

test("gives each node its machine type, and shares profiles among equal nodes", () => {
  const snapshot = new SnapshotBuilder().build(nodes, [broadwell, skylake], plainContext);
  expect([...snapshot.nodes].map(([name, { machineType: type }]) => [name, type])).toEqual([
    ["n1", "type1"],
    ["n2", "type1"],
    ["n3", "type2"],
    ["n4", undefined],
  ]);
  expect(snapshot.nodes.get("n1")?.profile).toBe(snapshot.nodes.get("n2")?.profile);
  expect(snapshot.nodes.get("n1")?.profile.features.map(formatFeature)).toContain("cpu:broadwell");
  expect(snapshot.machineTypes.get("type1")?.nodes.map((entry) => entry.facts.name)).toEqual(["n1", "n2"]);
  expect(snapshot.profiles).toBe(3);
});

test("places Pods by the two labels that the controller will write, whether they are written yet or not", () => {
  const forged = facts("n5", { pool: "b", "metahub.dev/machine-type": "type1" });
  const { placement } = new SnapshotBuilder().build([...nodes, forged], [broadwell, skylake], plainContext);
  const place = (label: string) =>
    placement.place({ metadata: {}, spec: { nodeSelector: { "metahub.dev/machine-type": label } } }).nodes;
  expect([place("type1"), place("type2"), place("type3")]).toEqual([2, 2, 0]);
});

test("a node that fits several types belongs to one, and all of them say so", () => {
  const greedy = machineType("greedy", { pool: "a" }, { priority: -1 });
  const { nodes: entries, machineTypes } = new SnapshotBuilder().build(nodes, [greedy, broadwell], plainContext);
  expect(entries.get("n1")).toMatchObject({ machineType: "type1", overlaps: ["greedy"] });
  expect(machineTypes.get("type1")?.overlaps).toEqual(["greedy"]);
  expect(machineTypes.get("greedy")).toMatchObject({ nodes: [], overlaps: ["type1"] });
});

test("machines outside the cluster claim no node and no Pod, and have an offer", () => {
  const spec = { external: true, platform: { os: "linux", architecture: "amd64" }, features: ["cpu:zen4"] };
  const login = { ...machineType("login", {}), spec };
  const { machineTypes, nodes: entries, placement } = new SnapshotBuilder().build(nodes, [login], plainContext);
  expect([...entries.values()].map((entry) => entry.machineType)).toEqual([undefined, undefined, undefined, undefined]);
  expect(machineTypes.get("login")?.nodes).toEqual([]);
  expect(machineTypes.get("login")?.template.features.map(formatFeature)).toContain("cpu:zen4");
  expect(placement.place({ metadata: {}, spec: {} })).toMatchObject({ nodes: 4, templates: 0 });
});

test("a type without nodes takes part through its nodeTemplate, one with nodes through them", () => {
  const scaled = machineType(
    "scaled",
    { pool: "z" },
    { features: ["cpu:zen4"], nodeTemplate: { labels: { big: "1" } } },
  );
  const builder = new SnapshotBuilder();
  const before = builder.build(nodes, [scaled], plainContext);
  const big = { metadata: {}, spec: { nodeSelector: { big: "1" } } };
  expect(before.placement.place(big)).toMatchObject({ nodes: 0, templates: 1 });
  const after = builder.build([...nodes, facts("n9", { pool: "z", big: "1" })], [scaled], plainContext);
  expect(after.placement.place(big)).toMatchObject({ nodes: 1, templates: 0 });
});

test("what did not change is not worked out again", () => {
  const builder = new SnapshotBuilder();
  const first = builder.build(nodes, [broadwell, skylake], plainContext);
  // A status was written: another object, of the same generation.
  const written = { ...broadwell, status: { nodes: 2 } };
  const moved = [...nodes.slice(0, 3), facts("n4", { pool: "b" })];
  const second = builder.build(moved, [written, skylake], plainContext);
  for (const name of ["n1", "n2", "n3"]) expect(second.nodes.get(name)).toBe(first.nodes.get(name));
  expect(second.nodes.get("n4")?.machineType).toBe("type2");
  // The status is the new one all the same.
  expect(second.machineTypes.get("type1")?.resource.status).toEqual({ nodes: 2 });
});

test("another generation of a machine type is worked out, and an old snapshot keeps what it said", () => {
  const builder = new SnapshotBuilder();
  const first = builder.build(nodes, [broadwell], plainContext);
  const changed = machineType("type1", { pool: "b" }, { features: ["cpu:broadwell"] }, 2);
  const second = builder.build(nodes, [changed], plainContext);
  const ownersOf = ({ nodes: entries }: typeof first) => [...entries.values()].map((entry) => entry.machineType);
  expect(ownersOf(first)).toEqual(["type1", "type1", undefined, undefined]);
  expect(ownersOf(second)).toEqual([undefined, undefined, "type1", undefined]);
});

test("profiles that nobody offers any more are forgotten", () => {
  const builder = new SnapshotBuilder();
  const typeOf = (round: number) => machineType("t", { pool: "a" }, { features: [`site:r${round}`] }, round);
  let snapshot = builder.build(nodes, [typeOf(0)], plainContext);
  for (let round = 1; round < 300; round++) snapshot = builder.build(nodes, [typeOf(round)], plainContext);
  expect(snapshot.profiles).toBe(2);
  expect(snapshot.nodes.get("n1")?.profile.features.map(formatFeature)).toContain("site:r299");
});
