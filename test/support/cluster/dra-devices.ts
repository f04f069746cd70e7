import type { Pod } from "../../../src/api/pod.ts";
import { kubectl } from "../../cluster/kubectl.ts";
import type { BindingSite } from "./binding-site.ts";

/** The attributes of one device of a ResourceSlice, as a driver writes them. */
export type Attributes = Readonly<Record<string, object>>;

export interface SliceOptions {
  readonly node: string;
  readonly driver: string;
  readonly devices: Readonly<Record<string, Attributes>>;
  readonly generation?: number;
}

/** Publishes devices as a driver's kubelet plugin would. */
export async function publishDevices(site: BindingSite, options: SliceOptions): Promise<void> {
  const { node, driver, devices, generation = 1 } = options;
  await kubectl(site.cluster, ["apply", "-f", "-"], {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceSlice",
    metadata: { name: `${node}-${driver}` },
    spec: {
      driver,
      nodeName: node,
      pool: { name: node, generation, resourceSliceCount: 1 },
      devices: Object.entries(devices).map(([name, attributes]) => ({ name, attributes })),
    },
  });
}

/** As NVIDIA's driver describes a GPU. */
export function nvidiaGpu(capability: string): Attributes {
  return {
    type: { string: "gpu" },
    productName: { string: `NVIDIA of ${capability}` },
    cudaComputeCapability: { version: `${capability}.0` },
    driverVersion: { version: "580.105.8" },
    cudaDriverVersion: { version: "13.0.0" },
  };
}

export async function deviceClass(site: BindingSite, driver: string, extendedResourceName?: string): Promise<void> {
  await kubectl(site.cluster, ["apply", "-f", "-"], {
    apiVersion: "resource.k8s.io/v1",
    kind: "DeviceClass",
    metadata: { name: driver },
    spec: {
      selectors: [{ cel: { expression: `device.driver == "${driver}"` } }],
      ...(extendedResourceName === undefined ? {} : { extendedResourceName }),
    },
  });
}

/** A request for devices whose attribute has this value. */
export function request(name: string, driver: string, cel?: string, count = 1): object {
  const selectors = cel === undefined ? {} : { selectors: [{ cel: { expression: cel } }] };
  return { name, exactly: { deviceClassName: driver, count, ...selectors } };
}

export function ofCapability(version: string): string {
  return `device.attributes["gpu.nvidia.com"].cudaComputeCapability == semver("${version}.0")`;
}

export async function claimTemplate(site: BindingSite, name: string, requests: readonly object[]): Promise<void> {
  await kubectl(site.cluster, ["apply", "-f", "-"], {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaimTemplate",
    metadata: { name },
    spec: { spec: { devices: { requests } } },
  });
}

/** Waits until the Pod has a node, and gives what its containers run: the builds' tags, or `written`. */
export async function runs(
  site: BindingSite,
  digests: ReadonlyMap<string, string>,
  name: string,
): Promise<readonly string[]> {
  const pod = await bound(site, name);
  const tags = new Map([...digests].map(([tag, digest]) => [digest, tag]));
  return (pod.spec.containers ?? []).map(({ image = "" }) => {
    const [, digest] = image.split("@", 2);
    return digest === undefined ? "written" : (tags.get(digest) ?? image);
  });
}

async function bound(site: BindingSite, name: string): Promise<Pod> {
  await kubectl(site.cluster, ["wait", "--for=condition=PodScheduled", `pod/${name}`, "--timeout=60s"]);
  return site.pod(name);
}

/** Deletes Pods, so that their devices are free again; nobody runs them here. */
export async function release(site: BindingSite, ...names: readonly string[]): Promise<void> {
  await kubectl(site.cluster, ["delete", "pod", "--force", "--grace-period=0", ...names]);
}
