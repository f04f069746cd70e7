import { expect, test } from "vitest";
import { machineType } from "../../test/support/inventory.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { asObserved } from "./observed.ts";

const declared = parseMachineType({
  ...machineType("type1", { pool: "a" }),
  spec: {
    nodeSelector: { matchLabels: { pool: "a" } },
    platform: { os: "linux", architecture: "amd64" },
    features: ["cpu:broadwell"],
    nodeTemplate: { labels: { "nvidia.com/gpu.compute.major": "8" } },
  },
});

test("without nodes it is as it declares itself", () => {
  expect(asObserved(declared)).toBe(declared);
  expect(asObserved({ ...declared, status: { nodes: 0, features: ["cpu:zen4"] } })?.spec).toBe(declared.spec);
});

test("with nodes it is what they have in common, and nothing that it declares besides", () => {
  const status = { nodes: 2, platform: "linux/arm64", features: ["cpu:neoverse_v2", "nvcap:9.0"] };
  expect(asObserved({ ...declared, status })?.spec).toEqual({
    nodeSelector: { matchLabels: { pool: "a" } },
    platform: { os: "linux", architecture: "arm64" },
    features: ["cpu:neoverse_v2", "nvcap:9.0"],
  });
  expect(asObserved({ ...declared, status: { nodes: 1, platform: "linux/arm/v7" } })?.spec).toMatchObject({
    platform: { os: "linux", architecture: "arm", variant: "v7" },
    features: [],
  });
});

test("with nodes of several platforms there is none", () => {
  expect(asObserved({ ...declared, status: { nodes: 2, features: ["cpu:x"] } })).toBeUndefined();
});
