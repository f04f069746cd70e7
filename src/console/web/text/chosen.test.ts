import { expect, test } from "vitest";
import type { Matrix } from "../../contract/views.ts";
import { chosenFor } from "./chosen.ts";

type Machine = Matrix["machines"][number];
const build = `sha256:${"a".repeat(64)}`;
const machine = (kind: Machine["kind"], selected: string | null): Machine => ({
  ...{ kind, name: "m", platform: "linux/amd64", offers: [], selected, action: "rewrite", reason: "" },
  ...{ considered: [], warnings: [] },
});

test("machine types and nodes are counted apart: a node is of a type that has a row, too", () => {
  const types = [machine("MachineType", build), machine("MachineType", null)];
  const nodes = [machine("Node", build), machine("Node", build), machine("Node", null)];
  expect(chosenFor(build, [...types, ...nodes], String)).toEqual(["1 of 2 machine types", "2 of 3 nodes"]);
});

test("one is one, and of what is not there nothing is said", () => {
  expect(chosenFor(build, [machine("Node", null)], String)).toEqual(["0 of 1 node"]);
  expect(chosenFor(build, [], String)).toEqual([]);
});
