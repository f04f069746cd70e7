import { snapshotOf } from "../../inventory/manifests.ts";
import type { Snapshot } from "../../inventory/snapshot.ts";
import { parseManifests } from "../../manifests/parse.ts";
import { readSources } from "../../manifests/sources.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import type { MachineOptions } from "./machine-options.ts";

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
