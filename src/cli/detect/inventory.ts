import type { Draft } from "../../drafting/machine-type.ts";
import { draftMachineTypes } from "../../drafting/nodes.ts";
import { inventoryOf } from "../../inventory/files.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import { parseManifests } from "../../manifests/parse.ts";
import { readSources } from "../../manifests/sources.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { readCluster } from "../input/read-cluster.ts";

/** The MachineTypes of `metahub detect --nodes`: of the manifests where some are given, else of the cluster. */
export async function draftsOfNodes(
  from: {
    readonly paths: readonly string[];
    readonly kubeconfig: string | undefined;
    readonly context: string | undefined;
  },
  context: CommandContext,
): Promise<readonly Draft[]> {
  const { paths } = from;
  if (paths.length > 0 && (from.kubeconfig ?? from.context) !== undefined) {
    throw new UsageError("-f reads nodes from files; leave out --kubeconfig and --context, or -f");
  }
  const snapshot = paths.length > 0 ? await snapshotOfFiles(paths, context) : await readCluster(from, context);
  const drafts = draftMachineTypes(snapshot);
  if (drafts.length > 0) return drafts;
  throw new UsageError(`${paths.length > 0 ? paths.join(", ") : "the cluster"}: no Node is there`);
}

async function snapshotOfFiles(paths: readonly string[], context: CommandContext): Promise<Snapshot> {
  const sources = await readSources(paths, context);
  const manifests = sources.flatMap(({ path, text }) => parseManifests(text, path === "-" ? "standard input" : path));
  const { nodes, machineTypes } = inventoryOf(manifests);
  return new SnapshotBuilder().build(nodes, machineTypes, plainContext);
}
