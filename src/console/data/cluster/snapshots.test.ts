import { expect, test } from "vitest";
import { facts } from "../../../../test/support/inventory.ts";
import { Snapshots } from "./snapshots.ts";

const node = (version: number, pending: boolean) => ({
  store: new Map([["a", facts("a", { pool: `p${version}` })]]),
  version,
  pending,
});
const poolIn = ({ snapshot }: ReturnType<Snapshots["of"]>) => snapshot.nodes.get("a")?.facts.labels["pool"];

test("while changes are still to be told, the snapshot of before counts for a quarter of a second", () => {
  let now = 0;
  const snapshots = new Snapshots(() => now);
  expect(poolIn(snapshots.of(node(1, false), undefined))).toBe("p1");
  now = 249;
  expect(poolIn(snapshots.of(node(2, true), undefined))).toBe("p1");
  now = 250;
  expect(poolIn(snapshots.of(node(2, true), undefined))).toBe("p2");
});

test("once a change was told, whoever asks then sees it, however short ago the last snapshot was made", () => {
  const snapshots = new Snapshots(() => 0);
  const first = snapshots.of(node(1, false), undefined);
  expect(snapshots.of(node(1, false), undefined)).toBe(first);
  expect(snapshots.of(node(2, true), undefined)).toBe(first);
  const second = snapshots.of(node(2, false), undefined);
  expect([poolIn(second), second.version === first.version]).toEqual(["p2", false]);
});
