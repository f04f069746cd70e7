import type { SteeringOptions } from "../admission/steer.ts";
import { inventoryOf } from "../inventory/files.ts";
import { plainContext } from "../inventory/inventory.ts";
import { isLabelled } from "../inventory/labelled.ts";
import { parseDeviceClassResource, parseRuntimeClass } from "../inventory/placement-resources.ts";
import { type Snapshot, SnapshotBuilder } from "../inventory/snapshot.ts";
import type { Manifest } from "../manifests/parse.ts";
import type { PlacementContext } from "../placement/candidate.ts";
import { UsageError } from "../process/failure.ts";

/** Where Pods can land, and what of it they can be steered by. */
export interface Machines {
  readonly snapshot: Snapshot;
  readonly steering: SteeringOptions;
}

/** The cluster that is asked where the files name no machine. */
export interface ClusterSource {
  /** True where flags say which cluster it is. */
  readonly named: boolean;
  read(): Promise<Snapshot>;
}

/** The nodes and machine types among the manifests, or those of a cluster. @throws UsageError, KubernetesError */
export async function machinesOf(manifests: readonly Manifest[], cluster: ClusterSource): Promise<Machines> {
  const { nodes, machineTypes } = inventoryOf(manifests);
  const there = [...nodes].length + [...machineTypes].length > 0;
  if (there && cluster.named) {
    throw new UsageError("Nodes and MachineTypes of -f are the cluster; leave out --kubeconfig and --context, or them");
  }
  if (there) {
    const snapshot = new SnapshotBuilder().build(nodes, machineTypes, placementContext(manifests));
    // Files may be written by hand: the controller of the cluster that is meant puts its labels on such nodes.
    return { snapshot, steering: {} };
  }
  const snapshot = await cluster.read();
  return { snapshot, steering: { labelled: (landing) => isLabelled(landing, snapshot) } };
}

function placementContext(manifests: readonly Manifest[]): PlacementContext {
  const of = (group: string, kind: string): readonly Manifest[] =>
    manifests.filter((manifest) => manifest.apiVersion.startsWith(`${group}/`) && manifest.kind === kind);
  const runtimes = of("node.k8s.io", "RuntimeClass").map(({ object }) => {
    const { metadata } = object;
    const name = typeof metadata === "object" && metadata !== null && "name" in metadata ? String(metadata.name) : "";
    return [name, parseRuntimeClass(object)] as const;
  });
  const devices = of("resource.k8s.io", "DeviceClass").map(({ object }) => parseDeviceClassResource(object));
  return {
    ...plainContext,
    runtimeClasses: new Map(runtimes),
    deviceClassResources: new Set(devices.filter((resource) => resource !== undefined)),
  };
}
