import { describe, expect, test } from "vitest";
import { ApiError } from "./error.ts";
import { parseNode } from "./parse-node.ts";

const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node-a", uid: "u", labels: { pool: "gpu", "kubernetes.io/os": "linux" }, managedFields: [{}] },
  spec: {
    taints: [
      { key: "gpu", value: "x", effect: "NoSchedule", timeAdded: "t" },
      { key: "b", effect: "NoExecute" },
    ],
  },
  status: {
    allocatable: { cpu: "8", memory: "1Gi", "nvidia.com/gpu": "2" },
    images: [{ names: ["a"] }],
    nodeInfo: {
      operatingSystem: "linux",
      architecture: "amd64",
      kernelVersion: "6.8.0",
      osImage: "Debian",
      kubeletVersion: "v1",
    },
  },
};

describe("parseNode", () => {
  test("keeps what is needed and drops the rest", () => {
    expect(parseNode(node)).toEqual({
      name: "node-a",
      uid: "u",
      labels: { pool: "gpu", "kubernetes.io/os": "linux" },
      taints: [
        { key: "gpu", value: "x", effect: "NoSchedule" },
        { key: "b", effect: "NoExecute" },
      ],
      allocatable: { "nvidia.com/gpu": "2" },
      operatingSystem: "linux",
      architecture: "amd64",
      kernelVersion: "6.8.0",
      osImage: "Debian",
    });
  });

  test("reads an item of a list and a file with little in it", () => {
    const labels = { "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64" };
    expect(parseNode({ metadata: { name: "n", labels }, status: { allocatable: { "amd.com/gpu": 1 } } })).toEqual({
      name: "n",
      uid: "",
      labels,
      taints: [],
      allocatable: { "amd.com/gpu": "1" },
      operatingSystem: "linux",
      architecture: "arm64",
      kernelVersion: "",
      osImage: "",
    });
  });

  test.each([
    [
      false,
      "metadata.name: must be of type string, it is boolean: an unquoted false, no, off or n is one in YAML; write it in quotes",
    ],
    [7, 'metadata.name: must be of type string, it is integer: write it in quotes, "7"'],
    [undefined, 'metadata.name: is needed, for example "node-a"'],
  ])("the name %s is refused, with what YAML made of it", (name, message) => {
    expect(() => parseNode({ metadata: { name } })).toThrow(message);
  });

  test("survives wrong types inside", () => {
    const odd = {
      metadata: { name: "n", labels: { a: 1, b: "x" } },
      spec: { taints: [null, 1, { key: 1 }] },
      status: [],
    };
    expect(parseNode(odd)).toMatchObject({ labels: { b: "x" }, taints: [], allocatable: {} });
  });

  test.each([
    ["null", null],
    ["text", "Node"],
    ["another kind", { ...node, kind: "Pod" }],
    ["no name", { ...node, metadata: {} }],
  ])("refuses %s", (_, value) => {
    expect(() => parseNode(value)).toThrow(ApiError);
  });
});
