import { describe, expect, test } from "vitest";
import type { MachineType, MachineTypeSpec } from "../api/machine-type.ts";
import { templateCandidate } from "./template.ts";

const profile = {
  id: "0123456789ab",
  platform: { os: "linux", architecture: "arm64" },
  features: [],
  accelerators: [],
  notes: [],
};

function machineType(spec: MachineTypeSpec): MachineType {
  return { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata: { name: "type4" }, spec };
}

describe("templateCandidate", () => {
  test("is undefined without a nodeTemplate", () => {
    expect(templateCandidate(machineType({ nodeSelector: {} }), profile)).toBeUndefined();
  });

  test("has the labels that any new node of the type will have", () => {
    const candidate = templateCandidate(
      machineType({
        nodeSelector: {
          matchLabels: { pool: "gpu" },
          matchExpressions: [
            { key: "zone", operator: "In", values: ["a"] },
            { key: "size", operator: "In", values: ["s", "m"] },
            { key: "spot", operator: "NotIn", values: ["true"] },
            { key: "rack", operator: "Exists" },
          ],
        },
        nodeTemplate: {
          labels: { disk: "ssd" },
          taints: [{ key: "gpu", effect: "NoSchedule" }],
          allocatable: { "nvidia.com/gpu": "1" },
        },
      }),
      profile,
    );
    expect(candidate).toEqual({
      kind: "template",
      name: "type4",
      labels: {
        "kubernetes.io/hostname": "",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64",
        zone: "a",
        pool: "gpu",
        disk: "ssd",
        "metahub.dev/machine-type": "type4",
        "metahub.dev/profile": "0123456789ab",
      },
      taints: [{ key: "gpu", effect: "NoSchedule" }],
      allocatable: { "nvidia.com/gpu": "1" },
      profile,
      machineType: "type4",
    });
  });

  test("lets the template's own labels win over what the kubelet would write", () => {
    const nodeTemplate = { labels: { "kubernetes.io/arch": "amd64" } };
    const candidate = templateCandidate(machineType({ nodeSelector: {}, nodeTemplate }), profile);
    expect(candidate?.labels["kubernetes.io/arch"]).toBe("amd64");
  });
});
