import type { Draft } from "../../drafting/machine-type.ts";
import { draftMachineTypes } from "../../drafting/nodes.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { readCluster } from "../input/read-cluster.ts";
import { readSnapshot } from "../input/read-snapshot.ts";

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
  const snapshot = paths.length > 0 ? await readSnapshot(paths, context) : await readCluster(from, context);
  const drafts = draftMachineTypes(snapshot);
  if (drafts.length > 0) return drafts;
  throw new UsageError(`${paths.length > 0 ? paths.join(", ") : "the cluster"}: no Node is there`);
}
