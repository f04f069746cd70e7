import { describe, expect, test } from "vitest";
import { claimOf, devicesOf, ObjectShelf } from "../../../test/support/binding/devices.ts";
import { podOf } from "../../../test/support/binding/shelves.ts";
import type { Devices } from "../../inventory/devices.ts";
import { KubernetesError } from "../../kubernetes/error.ts";
import { reviewPod } from "../../rewriting/reviewed-pod.ts";
import { createLogger } from "../../telemetry/log.ts";
import { Turns } from "../../time/turns.ts";
import { BindingDevices } from "./devices.ts";

const signal = AbortSignal.timeout(30_000);
const two = devicesOf({ "gpu-0": "7.0.0", "gpu-1": "9.0.0" });
const claim = (name: string, request?: string) => ({ claims: [{ name, ...(request && { request }) }] });
const limit = (name: string) => ({ limits: { [name]: "1" } });
const podObject = (spec: object, status: object = {}) => ({ metadata: { uid: "uid-p" }, spec, status });
const named = (...names: readonly string[]) => ({
  resourceClaims: names.map((name) => ({ name, resourceClaimName: `claim-${name}` })),
});
const extendedStatus = {
  extendedResourceClaimStatus: {
    resourceClaimName: "extended",
    requestMappings: [{ containerName: "main", resourceName: "nvidia.com/gpu", requestName: "r" }],
  },
};

async function find(
  objects: Readonly<Record<string, unknown>>,
  resources: object,
  more: { allocatable?: Record<string, string>; annotations?: object; devices?: Devices; end?: AbortSignal } = {},
) {
  const shelf = new ObjectShelf(objects);
  const { allocatable = {}, annotations, devices = two, end = signal } = more;
  const reader = new BindingDevices({ client: shelf, devices, turns: new Turns(4), log: createLogger("silent") });
  const spec = {
    containers: [
      { name: "side", image: "x" },
      { name: "main", image: "x", resources },
    ],
  };
  const pod = reviewPod(podOf("p", "x", { spec, ...(annotations && { annotations }) }));
  const found = await reader.of(pod, allocatable, end);
  const main = found?.containers.get("main");
  return {
    asked: shelf.asked,
    containers: found && [...found.containers.keys()],
    doubt: found?.doubt,
    labels: main?.labels,
    devices: main?.devices?.map(({ device, attributes }) => `${device} ${attributes?.get("cudaComputeCapability")}`),
  };
}

describe("the devices of a container", () => {
  test("of a claim: the Pod and the claim are read as they are now", async () => {
    const objects = { "pods/p": podObject(named("gpu")), "resourceclaims/claim-gpu": claimOf("r=gpu-1") };
    expect(await find(objects, claim("gpu"))).toEqual({
      asked: ["pods/p", "resourceclaims/claim-gpu"],
      containers: ["main"],
      doubt: undefined,
      labels: "none",
      devices: ["gpu-1 9.0.0"],
    });
  });

  test("of one request of it", async () => {
    const objects = { "pods/p": podObject(named("gpu")), "resourceclaims/claim-gpu": claimOf("a=gpu-0", "b/x=gpu-1") };
    expect((await find(objects, claim("gpu", "b"))).devices).toEqual(["gpu-1 9.0.0"]);
    expect((await find(objects, claim("gpu"))).devices).toEqual(["gpu-0 7.0.0", "gpu-1 9.0.0"]);
  });

  test("of an extended resource", async () => {
    const objects = {
      "pods/p": podObject({}, extendedStatus),
      "resourceclaims/extended": claimOf("r=gpu-0", "s=gpu-1"),
    };
    const found = await find(objects, limit("nvidia.com/gpu"));
    expect(found).toMatchObject({ devices: ["gpu-0 7.0.0"], labels: "none", containers: ["main"] });
  });

  test.each<[string, object, Record<string, string>, object | undefined, string]>([
    [
      "labels speak for a device plugin's",
      { ...claim("gpu"), ...limit("nvidia.com/gpu") },
      { "nvidia.com/gpu": "1" },
      undefined,
      "also",
    ],
    ["and not for another resource", { ...claim("gpu"), ...limit("rdma/hca") }, { "rdma/hca": "1" }, undefined, "none"],
    ["its owner wants them always", claim("gpu"), {}, { "metahub.dev/accelerators": "always" }, "unspoken"],
  ])("%s", async (_, resources, allocatable, annotations, labels) => {
    const objects = { "pods/p": podObject(named("gpu")), "resourceclaims/claim-gpu": claimOf("r=gpu-1") };
    const found = await find(objects, resources, { allocatable, ...(annotations && { annotations }) });
    expect(found).toMatchObject({ labels, devices: ["gpu-1 9.0.0"] });
  });

  test("a claim of two containers is read once", async () => {
    const objects = { "pods/p": podObject(named("gpu")), "resourceclaims/claim-gpu": claimOf("r=gpu-1") };
    const shelf = new ObjectShelf(objects);
    const reader = new BindingDevices({
      client: shelf,
      devices: two,
      turns: new Turns(1),
      log: createLogger("silent"),
    });
    const both = ["a", "b"].map((name) => ({ name, image: "x", resources: claim("gpu") }));
    const found = await reader.of(reviewPod(podOf("p", "x", { spec: { containers: both } })), {}, signal);
    expect([...(found?.containers.keys() ?? [])]).toEqual(["a", "b"]);
    expect(shelf.asked).toEqual(["pods/p", "resourceclaims/claim-gpu"]);
  });

  test.each<[string, object, Parameters<typeof find>[2]]>([
    ["it asks for none", {}, {}],
    ["a device plugin has them", limit("nvidia.com/gpu"), { allocatable: { "nvidia.com/gpu": "1" } }],
    ["its owner wants no accelerators", claim("gpu"), { annotations: { "metahub.dev/accelerators": "never" } }],
    ["the cluster has no such API", claim("gpu"), { devices: devicesOf({}, false) }],
  ])("nothing is read where %s", async (_, resources, more) => {
    expect(await find({}, resources, more)).toMatchObject({ containers: undefined, asked: [] });
  });

  test("an extended resource that turns out not to be DRA's is left to labels", async () => {
    const found = await find({ "pods/p": podObject({}) }, limit("nvidia.com/gpu"));
    expect(found).toMatchObject({ containers: undefined, asked: ["pods/p"] });
  });
});

describe("what cannot be found out is a doubt", () => {
  const gone = new KubernetesError("FORBIDDEN", "no");
  const many = Array.from({ length: 40 }, (_, index) => `c${index}`);
  test.each<[string, Record<string, unknown>, object, string]>([
    ["the Pod cannot be read", { "pods/p": gone }, claim("gpu"), "Pod p cannot be read (FORBIDDEN)"],
    [
      "the Pod is another one",
      { "pods/p": { metadata: { uid: "other" }, spec: {} } },
      claim("gpu"),
      "Pod p is another one",
    ],
    ["the Pod is not understood", { "pods/p": {} }, claim("gpu"), "Pod p cannot be read (not understood)"],
    ["nothing names the claim", { "pods/p": podObject({}) }, claim("gpu"), "names no ResourceClaim"],
    ["the claim is gone", { "pods/p": podObject(named("gpu")) }, claim("gpu"), "claim-gpu cannot be read (NOT_FOUND)"],
    [
      "the claim has no devices",
      { "pods/p": podObject(named("gpu")), "resourceclaims/claim-gpu": {} },
      claim("gpu"),
      "claim-gpu has no devices allocated",
    ],
    [
      "too many claims",
      {
        "pods/p": podObject(named(...many)),
        ...Object.fromEntries(many.map((name) => [`resourceclaims/claim-${name}`, claimOf()])),
      },
      { claims: many.map((name) => ({ name })) },
      "more than 32 ResourceClaims",
    ],
  ])("%s", async (_, objects, resources, doubt) => {
    const found = await find(objects, resources);
    expect(found).toMatchObject({ containers: ["main"], devices: undefined, labels: "none" });
    expect(found.doubt).toContain(doubt);
  });

  test("the end of the time is none", async () => {
    await expect(find({ "pods/p": podObject({}) }, claim("gpu"), { end: AbortSignal.abort() })).rejects.toThrow();
  });
});
