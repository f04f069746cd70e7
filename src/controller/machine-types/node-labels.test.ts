import { expect, test } from "vitest";
import { facts } from "../../../test/support/inventory.ts";
import type { NodeEntry } from "../../inventory/snapshot.ts";
import { desiredLabels, labelsDiffer } from "./node-labels.ts";

const entry = (labels: Record<string, string>, machineType?: string): NodeEntry => ({
  facts: facts("n", labels),
  profile: {
    id: "0123456789ab",
    platform: { os: "linux", architecture: "amd64" },
    features: [],
    accelerators: [],
    notes: [],
  },
  overlaps: [],
  ...(machineType === undefined ? {} : { machineType }),
});
const both = { "metahub.dev/machine-type": "type1", "metahub.dev/profile": "0123456789ab" };

test("a node of no machine type carries its profile alone", () => {
  expect(desiredLabels(entry({}, "type1"))).toEqual(both);
  expect(desiredLabels(entry({}))).toEqual({ "metahub.dev/profile": "0123456789ab" });
});

test.each<[string, Record<string, string>, string | undefined, boolean]>([
  ["both are there", both, "type1", false],
  ["both are there, among others", { ...both, other: "x" }, "type1", false],
  ["none is there", {}, "type1", true],
  ["another machine type", both, "type2", true],
  ["another profile", { ...both, "metahub.dev/profile": "x" }, "type1", true],
  ["a machine type where there is none", both, undefined, true],
  ["only the profile, and no more is to be", { "metahub.dev/profile": "0123456789ab" }, undefined, false],
])("%s: differs %s", (_name, labels, machineType, expected) => {
  expect(labelsDiffer(entry(labels, machineType))).toBe(expected);
});
