import { expect, test } from "vitest";
import type { Pod } from "../api/pod.ts";
import { reviewPod } from "./reviewed-pod.ts";

const gpu = { requests: { "nvidia.com/gpu": "1" } };

function pod(spec: Pod["spec"], annotations: Record<string, string> = {}): Pod {
  return { metadata: { annotations }, spec };
}

test("every kind of container and every image volume has a place, in the order of the fields", () => {
  const { places } = reviewPod(
    pod({
      initContainers: [
        { name: "setup", image: "a" },
        { name: "sidecar", image: "b", restartPolicy: "Always" },
      ],
      containers: [{ name: "later" }, { name: "main", image: "c" }],
      ephemeralContainers: [{ name: "debug", image: "d" }],
      volumes: [{ name: "tmp" }, { name: "model", image: { reference: "e" } }],
    }),
  );
  expect(places.map(({ name, pointer, image, fixed }) => [name, pointer, image, fixed])).toEqual([
    ["setup", "/spec/initContainers/0/image", "a", false],
    ["sidecar", "/spec/initContainers/1/image", "b", false],
    ["main", "/spec/containers/1/image", "c", false],
    ["debug", "/spec/ephemeralContainers/0/image", "d", true],
    ["model", "/spec/volumes/1/image/reference", "e", true],
  ]);
});

test.each<
  [
    string,
    Pod["spec"] extends { containers?: readonly (infer C)[] } ? Omit<C, "name"> : never,
    Record<string, string>,
    boolean,
  ]
>([
  ["no resources", {}, {}, false],
  ["a whole GPU", { resources: gpu }, {}, true],
  ["only as a limit", { resources: { limits: { "amd.com/gpu": "2" } } }, {}, true],
  ["a MIG slice", { resources: { limits: { "nvidia.com/mig-1g.10gb": "1" } } }, {}, true],
  ["a shared GPU", { resources: { limits: { "nvidia.com/gpu.shared": "1" } } }, {}, true],
  ["Intel's", { resources: { limits: { "gpu.intel.com/i915": "1" } } }, {}, true],
  ["a share of Volcano's", { resources: { limits: { "volcano.sh/vgpu-number": "1" } } }, {}, true],
  ["how much of it alone", { resources: { limits: { "volcano.sh/vgpu-memory": "1024" } } }, {}, false],
  ["a part by an annotation that its scheduler does not read", {}, { "gpu-fraction": "0.5" }, false],
  ["none of them asked for", { resources: { limits: { "nvidia.com/gpu": "0" } } }, {}, false],
  ["another device", { resources: { limits: { "rdma/hca": "1" } } }, {}, false],
  ["a device claim", { resources: { claims: [{ name: "gpu" }] } }, {}, true],
  ["always", {}, { "metahub.dev/accelerators": "always" }, true],
  ["never", { resources: gpu }, { "metahub.dev/accelerators": "never" }, false],
])("a container gets accelerator features: %s", (_name, container, annotations, expected) => {
  const [place] = reviewPod(pod({ containers: [{ name: "c", image: "i", ...container }] }, annotations)).places;
  expect(place?.accelerated).toBe(expected);
});

test.each<[string, string, Record<string, string>, readonly boolean[]]>([
  ["a fraction, for the first", "kai-scheduler", { "gpu-fraction": "0.5" }, [true, false]],
  ["memory, for the first", "runai-scheduler", { "gpu-memory": "2000" }, [true, false]],
  [
    "for the one that is named",
    "kai-scheduler",
    { "gpu-fraction": "0.5", "gpu-fraction-container-name": "b" },
    [false, true],
  ],
  ["nothing asked for", "kai-scheduler", {}, [false, false]],
  ["another scheduler", "default-scheduler", { "gpu-fraction": "0.5" }, [false, false]],
  ["never", "kai-scheduler", { "gpu-fraction": "0.5", "metahub.dev/accelerators": "never" }, [false, false]],
])("a part of a GPU by annotation: %s", (_name, schedulerName, annotations, expected) => {
  const containers = ["a", "b"].map((name) => ({ name, image: "i" }));
  const { places } = reviewPod(pod({ schedulerName, containers }, annotations));
  expect(places.map(({ accelerated }) => accelerated)).toEqual(expected);
});

test("a part of a GPU by annotation, for an init container", () => {
  const annotations = { "gpu-fraction": "0.5", "gpu-fraction-container-name": "init" };
  const named = (name: string) => ({ name, image: "i" });
  const spec = { schedulerName: "kai-scheduler", initContainers: [named("init")], containers: [named("main")] };
  const { places } = reviewPod(pod(spec, annotations));
  expect(places.map(({ name, accelerated }) => [name, accelerated])).toEqual([
    ["init", true],
    ["main", false],
  ]);
});

type Resources = NonNullable<NonNullable<Pod["spec"]["containers"]>[number]["resources"]>;

test.each<[string, Resources, Record<string, string>, boolean]>([
  ["a device claim", { claims: [{ name: "gpu" }] }, {}, true],
  ["a DeviceClass by its implicit name", { limits: { "deviceclass.resource.kubernetes.io/a": "1" } }, {}, true],
  ["a resource that a DeviceClass serves", { limits: { "example.com/served": "1" } }, {}, true],
  ["none of them asked for", { limits: { "example.com/served": "0" } }, {}, false],
  ["a device plugin's resource", { limits: { "nvidia.com/gpu": "1" } }, {}, false],
  ["never", { claims: [{ name: "gpu" }] }, { "metahub.dev/accelerators": "never" }, false],
])("its devices are given at binding: %s", (_name, resources, annotations, expected) => {
  const container = { name: "c", image: "i", resources };
  const served = new Set(["example.com/served"]);
  const [place] = reviewPod(pod({ containers: [container] }, annotations), { served }).places;
  expect(place?.allocated).toBe(expected);
});
