import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { crdFolders, renderCrds } from "../../scripts/generate-crds.ts";
import { badMachineTypes, toManifest } from "../../test/support/bad-machine-types.ts";
import { ApiError } from "./error.ts";
import { parseMachineType } from "./parse-machine-type.ts";

function errorOf(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const right = {
  apiVersion: "metahub.dev/v1alpha1",
  kind: "MachineType",
  metadata: { name: "type4" },
  spec: { nodeSelector: { matchLabels: { pool: "gpu" } } },
};

describe("parseMachineType refuses", () => {
  test.each(badMachineTypes)("$name", (row) => {
    const error = errorOf(() => parseMachineType(toManifest(row)));
    expect(error.path).toContain(row.field);
    expect(error.message).toContain(row.shows);
  });

  test.each([
    ["another kind", { ...right, kind: "Node" }, "kind"],
    ["another version", { ...right, apiVersion: "metahub.dev/v9" }, "apiVersion"],
    ["a list", [right], ""],
    ["text", "MachineType", ""],
    ["null", null, ""],
    ["no name", { ...right, metadata: {} }, "metadata.name"],
    ["a name with capitals", { ...right, metadata: { name: "Type4" } }, "metadata.name"],
    ["a misspelled field", { ...right, spec: { ...right.spec, feature: ["a:b"] } }, "spec.feature"],
    [
      "a misspelled field deeper",
      { ...right, spec: { nodeSelector: { matchLabel: {} } } },
      "spec.nodeSelector.matchLabel",
    ],
  ])("%s", (_, value, path) => {
    expect(errorOf(() => parseMachineType(value)).path).toBe(path);
  });
});

describe("parseMachineType reads", () => {
  const full = {
    ...right,
    spec: {
      nodeSelector: {
        matchLabels: { "node.kubernetes.io/instance-type": "g3.4xlarge" },
        matchExpressions: [
          { key: "nvidia.com/gpu.present", operator: "Exists" },
          { key: "pool", operator: "NotIn", values: ["a", ""] },
        ],
      },
      priority: -5,
      platform: { os: "linux", architecture: "arm64", variant: "v8" },
      features: [
        "cpu:broadwell",
        "nvcap=5.2",
        "skylake",
        "gfx:gfx90a:sramecc+:xnack-",
        "8.6+PTX",
        "amd64/v3",
        "sm_90a",
      ],
      featureLabels: [{ label: "example.com/fabric", namespace: "os.version" }],
      deviceAttributes: [
        { driver: "gpu.example.com", attribute: "capability", namespace: "nvcap" },
        { driver: "gpu.example.com", attribute: "resource.kubernetes.io/pcieRoot", namespace: "pcie" },
      ],
      nodeTemplate: {
        labels: { pool: "" },
        taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }],
        allocatable: { "nvidia.com/gpu": "1", memory: "16Gi", cpu: "500m" },
      },
    },
  };

  test("every field as it is written", () => {
    expect(parseMachineType(full)).toEqual(full);
  });

  test("a number as a quantity, since YAML makes one of `nvidia.com/gpu: 1`", () => {
    const spec = { ...right.spec, nodeTemplate: { allocatable: { "nvidia.com/gpu": 1 } } };
    expect(parseMachineType({ ...right, spec }).spec.nodeTemplate?.allocatable).toEqual({ "nvidia.com/gpu": "1" });
  });

  test("null as absent", () => {
    expect(parseMachineType({ ...right, spec: { ...right.spec, features: null } })).toEqual(right);
  });

  test("a stored object with a field of a newer API, which it drops", () => {
    const stored = {
      ...right,
      metadata: { name: "type4", uid: "1", generation: 2 },
      spec: { ...right.spec, newer: 1 },
    };
    expect(parseMachineType(stored)).toEqual({ ...right, metadata: stored.metadata });
    expect(errorOf(() => parseMachineType(stored, { unknownFields: "refuse" })).code).toBe("UNKNOWN_FIELD");
  });

  test("a status, without what cannot be read in it", () => {
    const condition = { type: "Ready", status: "True", reason: "r", message: "m", lastTransitionTime: "t" };
    const status = {
      nodes: 3,
      features: ["a:b"],
      platform: 7,
      conditions: [condition, { type: "Other" }],
      profiles: [1],
    };
    expect(parseMachineType({ ...right, status }).status).toEqual({
      nodes: 3,
      features: ["a:b"],
      conditions: [{ ...condition, observedGeneration: 0 }],
      profiles: [],
    });
  });

  test("labels whose keys every object has", () => {
    const spec = JSON.parse('{"nodeSelector":{"matchLabels":{"constructor":"a","__proto__":"b"}}}');
    expect(errorOf(() => parseMachineType({ ...right, spec })).path).toBe("spec.nodeSelector.matchLabels");
  });
});

describe.each(crdFolders)("%s", (folder) => {
  test.each([...renderCrds()])("%s is what scripts/generate-crds.ts makes", (name, text) => {
    expect(readFileSync(new URL(`../../${folder}${name}`, import.meta.url), "utf8")).toBe(text);
  });
});
