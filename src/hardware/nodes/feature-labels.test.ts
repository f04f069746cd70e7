import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { node } from "../../../test/support/hardware/nodes.ts";
import { parseFeatureList } from "../parse.ts";
import { declaredLabels, featureLabels, metahubLabels } from "./feature-labels.ts";

test.each([
  [{ "metahub.dev/feature.cpu": "skylake" }, ["cpu:skylake"]],
  [{ "metahub.dev/feature.mpi": "openmpi-5__mpich-4" }, ["mpi:openmpi-5", "mpi:mpich-4"]],
  [{ "metahub.dev/feature.cpu": "x86_64_v3" }, ["cpu:x86_64_v3"]],
  [{ "metahub.dev/feature.gfx": "gfx90a.sramecc-on.xnack-off" }, ["gfx:gfx90a:sramecc+:xnack-"]],
  [{ "metahub.dev/feature.fabric": "efa.xnack-on" }, ["fabric:efa.xnack-on"]],
  [{ "metahub.dev/feature.os.version": "10.0.20348" }, ["os.version:10.0.20348"]],
  [{ "metahub.dev/feature.b": "2", "metahub.dev/feature.a": "1" }, ["a:1", "b:2"]],
  [{ "metahub.dev/machine-type": "type1", "metahub.dev/profile": "0123456789ab" }, []],
])("%j", (labels, features) => {
  expect(metahubLabels(node(labels)).features).toEqual(features);
});

test("an empty label, or one without a namespace, is noted", () => {
  expect(metahubLabels(node({ "metahub.dev/feature.mpi": "", "metahub.dev/feature.": "x" })).notes).toEqual([
    "Label metahub.dev/feature. names no namespace: write metahub.dev/feature.<namespace>.",
    "Label metahub.dev/feature.mpi is empty, so it offers nothing.",
  ]);
});

test("labels that a machine type names", () => {
  const declared = {
    featureLabels: [
      { label: "example.com/fabric", namespace: "fabric" },
      { label: "example.com/absent", namespace: "mpi" },
      { label: "constructor", namespace: "mpi" },
    ],
  };
  expect(declaredLabels(node({ "example.com/fabric": "efa__roce" }), declared)).toEqual({
    source: "featureLabels",
    features: ["fabric:efa", "fabric:roce"],
    notes: [],
  });
  expect(declaredLabels(node({}), undefined).features).toEqual([]);
});

describe("features as labels", () => {
  test("each namespace is one label; what a label cannot hold is left out", () => {
    const features = parseFeatureList(
      "cpu:skylake, cpuflag:gfni, cpuflag:sha_ni, kernel:6.1.85+, kernel:6.8.0-45-generic, gfx:gfx90a:sramecc+:xnack-",
    );
    expect(featureLabels(features)).toEqual({
      "metahub.dev/feature.cpu": "skylake",
      "metahub.dev/feature.cpuflag": "gfni__sha_ni",
      "metahub.dev/feature.gfx": "gfx90a.sramecc-on.xnack-off",
      "metahub.dev/feature.kernel": "6.8.0-45-generic",
    });
  });

  test("no label is longer than Kubernetes allows", () => {
    const features = Array.from({ length: 20 }, (_, index) => ({ namespace: "mpi", value: `openmpi-${index}` }));
    expect(featureLabels(features)["metahub.dev/feature.mpi"]).toBe(
      "openmpi-0__openmpi-1__openmpi-2__openmpi-3__openmpi-4",
    );
  });

  test("what is written is read back", () => {
    const feature = fc
      .tuple(
        fc.constantFrom("cpu", "mpi", "nvcap", "gfx", "os.version"),
        fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}[a-z0-9]$/),
      )
      .map(([namespace, value]) => ({ namespace, value }))
      .filter(({ value }) => !value.includes("__") && !/[.](xnack|sramecc)/.test(value));
    fc.assert(
      fc.property(fc.uniqueArray(feature, { maxLength: 5, selector: ({ namespace }) => namespace }), (features) => {
        const said = metahubLabels(node({ ...featureLabels(features) })).features;
        expect([...said].sort()).toEqual(features.map(({ namespace, value }) => `${namespace}:${value}`).sort());
      }),
    );
  });
});
