import { expect, test } from "vitest";
import { nfd, skylakeFlags } from "../../../test/support/hardware/nodes.ts";
import { isRelevantLabel } from "./labels.ts";

test.each([
  ...Object.keys(nfd(["Intel", 6, 94], skylakeFlags)),
  "feature.node.kubernetes.io/cpu-model.hypervisor",
  "feature.node.kubernetes.io/cpuid-AVX2",
  "feature.node.kubernetes.io/kernel-version.full",
  "nvidia.com/gpu.compute.major",
  "nvidia.com/cuda.driver.rev",
  "nvidia.com/mig-1g.5gb.product",
  "amd.com/gpu.device-id",
  "beta.amd.com/gpu.device-id.74a1",
  "gpu.intel.com/product",
  "intel.feature.node.kubernetes.io/gaudi",
  "metahub.dev/feature.fabric",
  "archspec.io/cpu.target",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
])("%s is read", (key) => {
  expect(isRelevantLabel(key)).toBe(true);
});

test.each([
  "",
  "/",
  "kubernetes.io/hostname",
  "node.kubernetes.io/instance-type",
  "nvidia.com/gfd.timestamp",
  "nvidia.com/gpu.memory",
  "nvidia.com/mig-1g.5gb.count",
  "feature.node.kubernetes.io/cpu-pstate.turbo",
  "metahub.dev/profile",
  "constructor",
])("%s is not read", (key) => {
  expect(isRelevantLabel(key)).toBe(false);
});

test("a label that a machine type names is read", () => {
  expect(isRelevantLabel("example.com/fabric", new Set(["example.com/fabric"]))).toBe(true);
});
