import { expect, test } from "vitest";
import { sampleMatrix } from "../../../../test/support/console/pages/samples.ts";
import { chosenFor } from "./chosen.ts";

const { machines } = sampleMatrix("a");
const [type1] = machines;
const digest = type1?.selected ?? "";
const node = (selected: string | null) => ({ ...machines[0], kind: "Node", selected }) as (typeof machines)[number];

test("machine types and nodes are counted apart: a node is of a type that has a row, too", () => {
  const all = [...machines, node(digest), node(digest), node(null)];
  expect(chosenFor(digest, all, String)).toEqual(["1 of 6 machine types", "2 of 3 nodes"]);
});

test("one is one, and of what is not there nothing is said", () => {
  expect(chosenFor(digest, [node(null)], String)).toEqual(["0 of 1 node"]);
  expect(chosenFor(digest, [], String)).toEqual([]);
});
