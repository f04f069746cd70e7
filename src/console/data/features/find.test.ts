import { describe, expect, test } from "vitest";
import { implies } from "../../../hardware/implies.ts";
import { parseFeature } from "../../../hardware/parse.ts";
import { features as contract } from "../../contract/machine-types.ts";
import { features } from "./find.ts";
import { knownFeatures } from "./known.ts";

const named = (prefix: string) => features(prefix).items.map(({ feature }) => feature);

describe("features", () => {
  test.each([
    ["a namespace", "nvcap:9", "nvcap:9.0"],
    ["another spelling of it", "compute-capability:9", "nvcap:9.0"],
    ["a value alone, in any case", " ZEN4 ", "cpu:zen4"],
    ["a GPU's product", "h100", "nvcap:9.0"],
    ["an AMD product", "MI300", "gfx:gfx942"],
    ["a part of a value", "512_bf16", "cpuflag:avx512_bf16"],
    ["a namespace that is open", "mpi", "mpi:openmpi"],
  ])("by %s", (_, prefix, feature) => {
    expect(named(prefix)).toContain(feature);
  });

  test("what begins with the text comes first", () => {
    expect(named("cpu:zen")[0]).toBe("cpu:zen");
    expect(named("zen")[0]).toBe("cpu:zen");
  });

  test("nothing is found for what nobody knows, and no more than a list holds for everything", () => {
    expect(features("no-such-thing")).toEqual({ items: [], more: false });
    expect(features("")).toMatchObject({ items: { length: 50 }, more: true });
    expect(features("x".repeat(100_000))).toEqual({ items: [], more: false });
  });

  test("every answer is of the contract's form, and each feature is spelled canonically, once", () => {
    expect(contract.parse({ items: [...knownFeatures()], more: false }).items).toHaveLength(knownFeatures().length);
    const all = knownFeatures().map(({ feature }) => feature);
    expect(new Set(all).size).toBe(all.length);
    for (const feature of all)
      expect(`${parseFeature(feature).namespace}:${parseFeature(feature).value}`).toBe(feature);
  });

  test("what stands above is implied, and what stands below implies", () => {
    let compared = 0;
    for (const { feature, above, below } of knownFeatures()) {
      // Machine code is run by later devices, which says nothing of which code implies which.
      if (feature.startsWith("nvcap:") || feature.startsWith("nvptx:")) continue;
      for (const other of above)
        expect([feature, other, implies(parseFeature(feature), parseFeature(other))]).toEqual([feature, other, true]);
      for (const other of below)
        expect([other, feature, implies(parseFeature(other), parseFeature(feature))]).toEqual([other, feature, true]);
      compared += above.length + below.length;
    }
    expect(compared).toBeGreaterThan(500);
  });

  test("GPUs that run code for a capability stand below it", () => {
    const [hopper] = features("nvcap:8.0").items;
    expect(hopper).toMatchObject({ says: "NVIDIA GPU of compute capability 8.0: A100, A30", above: [] });
    expect(hopper?.below).toEqual(["nvcap:8.6", "nvcap:8.9"]);
    expect(features("nvptx:12.0").items[0]?.above[0]).toBe("nvptx:11.0");
  });
});
