import { type Machine, machinesOf } from "../../explaining/machine.ts";
import { snapshotOf } from "../../inventory/manifests.ts";
import type { Snapshot } from "../../inventory/snapshot.ts";
import { parseManifests } from "../../manifests/parse.ts";
import { readSources } from "../../manifests/sources.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import type { MachineOptions } from "./machine-options.ts";

/**
 * The machines that are meant: of the files given, else of the cluster. A machine that cannot be read is left out and
 * told on standard error in a cluster; in a file it is an error.
 * @throws UsageError, ManifestError, InventoryError, KubernetesError
 */
export async function readMachines(options: MachineOptions, context: CommandContext): Promise<readonly Machine[]> {
  const fromFiles = options.filenames.length > 0;
  if (fromFiles) refuseCluster(options);
  const snapshot = fromFiles ? await readSnapshot(options.filenames, context) : await ofCluster(options, context);
  return machinesOf(snapshot, options, fromFiles ? options.filenames.join(", ") : "the cluster");
}

/** @throws UsageError where flags name a cluster, and machines are read from files */
export function refuseCluster({ kubeconfig, context }: MachineOptions): void {
  if ((kubeconfig ?? context) === undefined) return;
  throw new UsageError("-f reads machines from files; leave out --kubeconfig and --context, or -f");
}

/** The snapshot of all that `-f` names. @throws ManifestError, InventoryError */
export async function readSnapshot(filenames: readonly string[], context: CommandContext): Promise<Snapshot> {
  const sources = await readSources(filenames, context);
  return snapshotOf(sources.flatMap(({ name, text }) => parseManifests(text, name)));
}

async function ofCluster(options: MachineOptions, context: CommandContext): Promise<Snapshot> {
  const { readCluster } = await import("./read-cluster.ts");
  return await readCluster(options, context);
}
