import { expect, test } from "vitest";
import { declaredLabels, metahubLabels } from "./featurelabels.ts";
import { node } from "./node.fixture.ts";

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
