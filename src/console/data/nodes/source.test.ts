import { describe, expect, test } from "vitest";
import { facts } from "../../../../test/support/inventory.ts";
import { formatFeature } from "../../../hardware/feature.ts";
import type { Declaration } from "../../../hardware/nodes/labels.ts";
import { offerOfNode } from "../../../hardware/nodes/offer.ts";
import { sourceOf } from "./source.ts";

const nfd = "feature.node.kubernetes.io/";
/** Labels of each source, with one feature that is read from them and what is said of it. */
const rows: readonly (readonly [what: string, feature: string, labels: Record<string, string>, from: string])[] = [
  ["archspec", "cpu:zen3", { "archspec.io/cpu.target": "zen3" }, "archspec.io/cpu.target=zen3"],
  ["our own label", "mpi:openmpi", { "metahub.dev/feature.mpi": "openmpi" }, "metahub.dev/feature.mpi=openmpi"],
  [
    "our own label with another name of the namespace",
    "nvcap:9.0",
    { "metahub.dev/feature.compute-capability": "9.0" },
    "metahub.dev/feature.compute-capability=9.0",
  ],
  ["a label that the type names", "site:x", { "example.com/site": "x" }, "example.com/site=x"],
  [
    "NVIDIA",
    "nvcap:9.0",
    { "nvidia.com/gpu.compute.major": "9", "nvidia.com/gpu.compute.minor": "0", "nvidia.com/gpu.count": "1" },
    "nvidia.com/gpu.compute.major=9, nvidia.com/gpu.compute.minor=0",
  ],
  [
    "NVIDIA's driver",
    "nvdriver:570.1.2",
    { "nvidia.com/cuda.driver-version.full": "570.1.2" },
    "nvidia.com/cuda.driver-version.full=570.1.2",
  ],
  ["AMD", "gfx:gfx942", { "amd.com/gpu.device-id": "74a1" }, "amd.com/gpu.device-id=74a1"],
  ["NFD's flag under its own name", "cpuflag:fma", { [`${nfd}cpu-cpuid.FMA3`]: "true" }, `${nfd}cpu-cpuid.FMA3=true`],
  ["NFD's kernel", "kernel:6.8.0", { [`${nfd}kernel-version.full`]: "6.8.0" }, `${nfd}kernel-version.full=6.8.0`],
];
const declared: Declaration = { featureLabels: [{ label: "example.com/site", namespace: "site" }] };

const featuresOf = (labels: Record<string, string>) => {
  const node = facts("node", labels);
  const { features, accelerators, sources } = offerOfNode(node, declared);
  return new Map(
    [...features, ...accelerators].map((feature) => [
      formatFeature(feature),
      sourceOf(feature, sources.get(feature.namespace) ?? "declared", node, declared),
    ]),
  );
};

describe("where a feature comes from", () => {
  test.each(rows)("%s", (_, feature, labels, from) => {
    expect(featuresOf(labels).get(feature)).toBe(from);
  });

  test.each(rows)("without the labels that are named it is gone: %s", (_, feature, labels, from) => {
    const named = from.split(", ").map((text) => text.slice(0, text.indexOf("=")));
    expect(named.every((key) => key in labels)).toBe(true);
    const rest = Object.fromEntries(Object.entries(labels).filter(([key]) => !named.includes(key)));
    expect(featuresOf(rest).has(feature)).toBe(false);
  });

  test("a declaration is told as such, and comes before labels", () => {
    const node = facts("node", { "archspec.io/cpu.target": "zen3" });
    const { features, sources } = offerOfNode(node, { features: ["cpu:zen4"] });
    const [feature = { namespace: "", value: "" }] = features;
    expect(sourceOf(feature, sources.get("cpu") ?? "node", node)).toBe("declared");
  });

  test("of many labels the ids come first, and the others are counted", () => {
    const flags = Object.fromEntries(
      ["ADX", "AESNI", "AVX", "AVX2"].map((flag) => [`${nfd}cpu-cpuid.${flag}`, "true"]),
    );
    const ids = { [`${nfd}cpu-model.vendor_id`]: "AMD", [`${nfd}cpu-model.family`]: "25" };
    const from = [...featuresOf({ ...flags, ...ids })].find(([feature]) => feature.startsWith("cpu:"))?.[1];
    expect(from).toBe(
      `${nfd}cpu-model.family=25, ${nfd}cpu-model.vendor_id=AMD, ${nfd}cpu-cpuid.ADX=true and 3 more labels`,
    );
  });

  test("the kubelet's own word is told by its field", () => {
    const node = { ...facts("node"), kernelVersion: "6.8.0" };
    const { features, sources } = offerOfNode(node);
    const [kernel = { namespace: "", value: "" }] = features;
    expect(sourceOf(kernel, sources.get("kernel") ?? "declared", node)).toBe("status.nodeInfo.kernelVersion=6.8.0");
  });
});
