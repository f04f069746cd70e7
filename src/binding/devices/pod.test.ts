import { describe, expect, test } from "vitest";
import type { Container } from "../../api/pod.ts";
import { parseAllocation, resultsOf } from "./claim.ts";
import { containersOf, mayHaveDevices, parsePodClaims, resourcesByDra, usesOf } from "./pod.ts";

type Resources = NonNullable<Container["resources"]>;
const container = (resources?: Resources): Container => ({ name: "main", ...(resources && { resources }) });
const implicit = "deviceclass.resource.kubernetes.io/gpu.nvidia.com";

test.each<[string, Resources | undefined, Record<string, string>, string[]]>([
  ["no resources", undefined, {}, []],
  [
    "a resource that the node has, by a device plugin",
    { limits: { "nvidia.com/gpu": "1" } },
    { "nvidia.com/gpu": "4" },
    [],
  ],
  ["one that it has not", { limits: { "nvidia.com/gpu": "1" } }, { "amd.com/gpu": "1" }, ["nvidia.com/gpu"]],
  [
    "one that a device plugin left behind",
    { limits: { "nvidia.com/gpu": "1" } },
    { "nvidia.com/gpu": "0" },
    ["nvidia.com/gpu"],
  ],
  ["as a request", { requests: { "example.com/a": "2" } }, {}, ["example.com/a"]],
  ["none of it", { requests: { "example.com/a": "0" } }, {}, []],
  ["the implicit name of a DeviceClass", { limits: { [implicit]: "1" } }, {}, [implicit]],
  ["what Kubernetes itself counts", { limits: { "kubernetes.io/batch-cpu": "1", cpu: "1" } }, {}, []],
])("DRA must have served: %s", (_, resources, allocatable, expected) => {
  const one = container(resources);
  expect(resourcesByDra(one, allocatable)).toEqual(expected);
  const pod = { metadata: {}, spec: { containers: [{ name: "side" }], initContainers: [one] } };
  expect(mayHaveDevices(containersOf(pod), allocatable)).toBe(expected.length > 0);
});

test("a claim is worth a look", () => {
  const pod = { metadata: {}, spec: { containers: [container({ claims: [{ name: "gpu" }] })] } };
  expect(mayHaveDevices(containersOf(pod), {})).toBe(true);
});

describe("where a container's devices are written", () => {
  const pod = parsePodClaims({
    metadata: { uid: "u" },
    spec: {
      resourceClaims: [
        { name: "shared", resourceClaimName: "pool" },
        { name: "gpu", resourceClaimTemplateName: "t" },
        { name: "none", resourceClaimTemplateName: "t" },
        { name: "late", resourceClaimTemplateName: "t" },
      ],
    },
    status: {
      phase: "Pending",
      resourceClaimStatuses: [{ name: "gpu", resourceClaimName: "p-gpu-x" }, { name: "none" }],
      extendedResourceClaimStatus: {
        resourceClaimName: "p-extended",
        requestMappings: [
          { containerName: "main", resourceName: "nvidia.com/gpu", requestName: "container-0-request-0" },
          { containerName: "main", resourceName: "nvidia.com/gpu", requestName: "container-0-request-1" },
          { containerName: "side", resourceName: "nvidia.com/gpu", requestName: "container-1-request-0" },
        ],
      },
    },
  });
  const extended = ["container-0-request-0", "container-0-request-1"].map((request) => ({
    claim: "p-extended",
    request,
  }));
  test.each<[string, Resources, Record<string, string>, unknown[] | undefined]>([
    ["a claim by name", { claims: [{ name: "shared" }] }, {}, [{ claim: "pool" }]],
    ["a claim from a template", { claims: [{ name: "gpu", request: "a" }] }, {}, [{ claim: "p-gpu-x", request: "a" }]],
    ["a template that needed no claim", { claims: [{ name: "none" }] }, {}, []],
    ["a template whose claim nothing names", { claims: [{ name: "late" }] }, {}, [{ claim: undefined }]],
    ["an extended resource", { limits: { "nvidia.com/gpu": "2" } }, {}, extended],
    [
      "one that this node's device plugin serves",
      { limits: { "nvidia.com/gpu": "2" } },
      { "nvidia.com/gpu": "8" },
      undefined,
    ],
    ["another one", { limits: { "amd.com/gpu": "1" } }, {}, undefined],
    ["both", { claims: [{ name: "shared" }], limits: { "nvidia.com/gpu": "2" } }, {}, [{ claim: "pool" }, ...extended]],
    ["nothing", {}, {}, undefined],
  ])("%s", (_, resources, allocatable, expected) => {
    expect(usesOf(container(resources), pod, allocatable)?.uses).toEqual(expected);
  });

  test("a Pod without any", () => {
    const plain = parsePodClaims({ metadata: { uid: "u" }, spec: {} });
    expect(usesOf(container({ limits: { "nvidia.com/gpu": "1" } }), plain, {})).toBeUndefined();
    expect(usesOf(container({ claims: [{ name: "x" }] }), plain, {})?.uses).toEqual([{ claim: undefined }]);
  });
});

describe("what a claim was given", () => {
  const result = (request: string, device: string) => ({ request, driver: "d", pool: "p", device });
  const results = [result("gpu", "0"), result("gpu-2", "1"), result("nic/fast", "2")];

  test.each([
    [undefined, ["0", "1", "2"]],
    ["", ["0", "1", "2"]],
    ["gpu", ["0"]],
    ["nic", ["2"]],
    ["nic/fast", ["2"]],
    ["nic/slow", []],
  ])("for request %s", (request, expected) => {
    expect(resultsOf(results, request).map(({ device }) => device)).toEqual(expected);
  });

  test.each([
    ["no status", {}, undefined],
    ["no allocation", { status: {} }, undefined],
    ["an allocation of nothing", { status: { allocation: {} } }, []],
    [
      "more than is read",
      { status: { allocation: { devices: { results: [{ ...result("a", "b"), adminAccess: true }], config: [] } } } },
      [result("a", "b")],
    ],
  ])("%s", (_, claim, expected) => expect(parseAllocation(claim)).toEqual(expected));
});
