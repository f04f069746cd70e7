import { type Machine, machinesOf } from "../../explaining/machine.ts";
import type { SpeakingLists } from "../../images/open.ts";
import { isMachine, snapshotOf } from "../../inventory/manifests.ts";
import { ListBook } from "../../lists/book.ts";
import type { SpokenList } from "../../lists/list.ts";
import { ListedImages } from "../../lists/listed-images.ts";
import { listsIn } from "../../lists/manifests.ts";
import { powersOf } from "../../lists/power.ts";
import { type Manifest, parseManifests } from "../../manifests/parse.ts";
import { readSources } from "../../manifests/sources.ts";
import type { CommandContext } from "../../process/context.ts";
import type { Given } from "./given.ts";
import { listOptions } from "./list-options.ts";
import type { MachineOptions } from "./machine-options.ts";
import { refuseCluster } from "./read-snapshot.ts";

/** The machines that are meant, and the lists that speak for names. */
export interface ReadInventory extends SpeakingLists {
  readonly machines: readonly Machine[];
}

/**
 * Machines and manifest lists of the files given; of the cluster, what the files have not: so a list can be tried on a
 * cluster before it is applied.
 * @throws UsageError, ManifestError, InventoryError, ListError, KubernetesError
 */
export async function readInventory(
  options: MachineOptions,
  given: Given,
  context: CommandContext,
): Promise<ReadInventory> {
  const namespace = given.text("namespace") ?? "default";
  const powers = powersOf(listOptions(given));
  const sources = await readSources(options.filenames, context);
  const manifests = sources.flatMap(({ name, text }) => parseManifests(text, name));
  const lists = listsIn(manifests);
  const speaking = (all: readonly SpokenList[]): SpeakingLists => {
    const book = new ListBook(all);
    return { lists: new ListedImages({ book: () => book, powers }), namespace };
  };
  if (isOfFiles(manifests, lists, options)) {
    refuseCluster(options);
    const machines = machinesOf(snapshotOf(manifests), options, options.filenames.join(", "));
    return { machines, ...speaking(lists) };
  }
  const { readCluster, readClusterLists } = await import("./read-cluster.ts");
  const snapshot = await readCluster(options, context);
  const found = await readClusterLists(options, [namespace], context);
  return { machines: machinesOf(snapshot, options, "the cluster"), ...speaking([...lists, ...found]) };
}

function isOfFiles(
  manifests: readonly Manifest[],
  lists: readonly SpokenList[],
  { filenames }: MachineOptions,
): boolean {
  return filenames.length > 0 && (manifests.some(isMachine) || lists.length === 0);
}
