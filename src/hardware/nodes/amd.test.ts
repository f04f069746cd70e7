import { expect, test } from "vitest";
import { labellerIds } from "../../../test/support/hardware/amd-ids.generated.ts";
import { node } from "../../../test/support/hardware/nodes.ts";
import { amdLabels } from "./amd.ts";
import { generatedTargets } from "./amd-targets.generated.ts";
import { amdTarget, handTargets } from "./amd-targets.ts";

test.each([
  ["counted", { "beta.amd.com/gpu.device-id.74a1": "8" }, ["gfx:gfx942"]],
  ["named", { "amd.com/gpu.device-id": "740f" }, ["gfx:gfx90a"]],
  ["both", { "beta.amd.com/gpu.device-id.75a0": "8", "amd.com/gpu.device-id": "75a0" }, ["gfx:gfx950"]],
  ["in upper case", { "amd.com/gpu.device-id": "738C" }, ["gfx:gfx908"]],
  [
    "two ids of one target",
    { "beta.amd.com/gpu.device-id.74a1": "4", "beta.amd.com/gpu.device-id.74a5": "4" },
    ["gfx:gfx942"],
  ],
  [
    "two targets: an image must run on each",
    { "beta.amd.com/gpu.device-id.744c": "1", "beta.amd.com/gpu.device-id.740f": "1" },
    ["gfx:gfx90a", "gfx:gfx1100"],
  ],
  ["counted none", { "beta.amd.com/gpu.device-id.74a1": "0" }, []],
  ["the driver", { "amd.com/gpu.driver-version": "6.10.5" }, ["amddriver:6.10.5"]],
  ["the driver, counted", { "beta.amd.com/gpu.driver-version.6.10.5": "8" }, ["amddriver:6.10.5"]],
  ["the family says nothing", { "beta.amd.com/gpu.family.AI": "1", "amd.com/gpu.family": "AI" }, []],
])("%s", (_, labels, features) => {
  expect(amdLabels(node(labels))).toEqual({ source: "amd", features, notes: [] });
});

test("an id that nobody knows withholds every target of the node", () => {
  const said = amdLabels(node({ "beta.amd.com/gpu.device-id.74a1": "1", "beta.amd.com/gpu.device-id.ffff": "1" }));
  expect(said.features).toEqual([]);
  expect(said.notes).toEqual([
    'gfx is not offered: the target of amd.com/gpu.device-id "ffff" is not known; declare gfx in the machine type.',
  ]);
});

test("every id that AMD's labeller names has a target, those of several chips apart", () => {
  const severalChips = ["15d8", "15dd"];
  const unknown = labellerIds.filter((id) => amdTarget(id) === undefined);
  expect(labellerIds.length).toBeGreaterThan(200);
  expect(unknown).toEqual(severalChips);
});

test("an id has one target, and what the sources tell is not written by hand", () => {
  const ids = [...generatedTargets, ...handTargets].flatMap(([, own]) => own.split(" "));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(360);
});

test.each([
  // pci.ids alone, Linux' driver alone, and by hand.
  ["7487", "gfx1102"],
  ["13db", "gfx1013"],
  ["74a8", "gfx942"],
  ["74bc", "gfx942"],
  ["75b3", "gfx950"],
  ["7461", "gfx1101"],
  ["7551", "gfx1201"],
  ["1586", "gfx1151"],
  ["1900", "gfx1103"],
  ["67df", "gfx803"],
  ["0x74A1", "gfx942"],
])("device id %s is %s", (id, target) => {
  expect(amdTarget(id)).toBe(target);
});
