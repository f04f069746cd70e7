import { stat } from "node:fs/promises";
import { type Machine, machinesOf } from "../../explaining/machine.ts";
import { inventoryOf } from "../../inventory/files.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import { InventoryError } from "../../manifests/error.ts";
import { readFolder, readManifestFile } from "../../manifests/files.ts";
import { type Manifest, parseManifests } from "../../manifests/parse.ts";
import type { CommandContext } from "../../process/context.ts";
import { UsageError } from "../../process/failure.ts";
import { readAll } from "../../process/stdin.ts";
import type { MachineOptions } from "./machine-options.ts";

/** As much as one file may have. */
const maxStdinBytes = 32 * 1024 * 1024;

/**
 * The machines that are meant: of the files given, else of the cluster. What cannot be read in a cluster is told on
 * standard error and left out; in a file it is an error. @throws UsageError, InventoryError, KubernetesError
 */
export async function readMachines(options: MachineOptions, context: CommandContext): Promise<readonly Machine[]> {
  const fromFiles = options.filenames.length > 0;
  if (fromFiles && (options.kubeconfig ?? options.context) !== undefined) {
    throw new UsageError("-f reads machines from files; leave out --kubeconfig and --context, or -f");
  }
  const snapshot = fromFiles ? await snapshotOf(options.filenames, context) : await ofCluster(options, context);
  return machinesOf(snapshot, options, fromFiles ? options.filenames.join(", ") : "the cluster");
}

async function snapshotOf(filenames: readonly string[], context: CommandContext): Promise<Snapshot> {
  const manifests: Manifest[] = [];
  for (const filename of new Set(filenames)) manifests.push(...(await readSource(filename, context)));
  const { nodes, machineTypes } = inventoryOf(manifests);
  return new SnapshotBuilder().build(nodes, machineTypes, plainContext);
}

async function readSource(filename: string, context: CommandContext): Promise<readonly Manifest[]> {
  const { signal } = context;
  if (filename === "-") {
    const text = await readAll(context.stdin, { maxBytes: maxStdinBytes, signal });
    if (text === undefined) throw new InventoryError("TOO_MUCH", `standard input: larger than ${maxStdinBytes} bytes`);
    return parseManifests(text, "standard input");
  }
  return (await isFolder(filename)) ? await readFolder(filename, signal) : await readManifestFile(filename, signal);
}

/** What is not there is said by whoever reads it. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (about) => about.isDirectory(),
    () => false,
  );
}

async function ofCluster(options: MachineOptions, context: CommandContext): Promise<Snapshot> {
  const { readCluster } = await import("./read-cluster.ts");
  return await readCluster(options, context);
}
