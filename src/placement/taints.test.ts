import { describe, expect, test } from "vitest";
import { isTransientTaint, lastingTaints } from "./taints.ts";

describe("isTransientTaint", () => {
  test.each([
    ["node.kubernetes.io/not-ready", true],
    ["node.kubernetes.io/unschedulable", true],
    ["node.cloudprovider.kubernetes.io/uninitialized", true],
    ["startup-taint.cluster-autoscaler.kubernetes.io/gpu-driver", true],
    ["ToBeDeletedByClusterAutoscaler", true],
    ["example.com/own", true],
    ["node.kubernetes.io/windows", false],
    ["node-role.kubernetes.io/control-plane", false],
    ["nvidia.com/gpu", false],
  ])("%s: %s", (key, transient) => {
    expect(isTransientTaint(key, new Set(["example.com/own"]))).toBe(transient);
  });
});

describe("lastingTaints", () => {
  test("keeps NoSchedule and NoExecute that do not come off by themselves", () => {
    const lasting = [
      { key: "nvidia.com/gpu", effect: "NoSchedule" },
      { key: "nvidia.com/gpu", value: "a", effect: "NoExecute" },
    ];
    const others = [
      { key: "nvidia.com/gpu", effect: "PreferNoSchedule" },
      { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" },
    ];
    expect(lastingTaints([...others, ...lasting])).toEqual(lasting);
  });
});
