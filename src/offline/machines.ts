import type { SteeringOptions } from "../admission/steer.ts";
import { isLabelled } from "../inventory/labelled.ts";
import { isMachine, snapshotOf } from "../inventory/manifests.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { SpokenList } from "../lists/list.ts";
import type { Manifest } from "../manifests/parse.ts";
import { UsageError } from "../process/failure.ts";

/** A cluster, as far as the decisions on Pods need it. */
export interface ReadCluster {
  readonly snapshot: Snapshot;
  readonly lists: readonly SpokenList[];
}

/** Where Pods can land, and what of it they can be steered by. */
export interface Machines {
  readonly snapshot: Snapshot;
  readonly steering: SteeringOptions;
  /** The manifest lists of the cluster; none where the machines are those of files. */
  readonly lists: readonly SpokenList[];
}

/** The cluster that is asked where the files name no machine. */
export interface ClusterSource {
  /** True where flags say which cluster it is. */
  readonly named: boolean;
  read(): Promise<ReadCluster>;
}

/**
 * The machines among the manifests, or those of a cluster.
 * @throws UsageError where both are named; InventoryError, KubernetesError
 */
export async function machinesOf(manifests: readonly Manifest[], cluster: ClusterSource): Promise<Machines> {
  if (manifests.some(isMachine)) {
    if (cluster.named) {
      throw new UsageError(
        "Nodes and MachineTypes of -f are the cluster; leave out --kubeconfig and --context, or them",
      );
    }
    // Files may be written by hand: the controller of the cluster that is meant puts its labels on such nodes.
    return { snapshot: snapshotOf(manifests), steering: {}, lists: [] };
  }
  const { snapshot, lists } = await cluster.read();
  return { snapshot, steering: { labelled: (landing) => isLabelled(landing, snapshot) }, lists };
}
