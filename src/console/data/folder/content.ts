import type { MachineCredential } from "../../../api/machine-credential.ts";
import { metahubApiVersion } from "../../../api/machine-type.ts";
import { stateOf } from "../../../identity/credentials.ts";
import { credentialIn } from "../../../identity/manifests.ts";
import { inventoryOf } from "../../../inventory/manifests.ts";
import type { Snapshot, SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { isRecord } from "../../../json/object.ts";
import type { SpokenList } from "../../../lists/list.ts";
import { isList, listsIn } from "../../../lists/manifests.ts";
import type { Manifest } from "../../../manifests/parse.ts";
import type { Change, ManifestListView } from "../../contract/views.ts";
import { listKey, listViewOfManifest } from "../lists/view.ts";
import { type StoredMachineType, storedMachineType } from "../machine-types/stored.ts";
import { digestOf } from "../objects.ts";

type Kind = Extract<Change, { event: "changed" }>["kind"];

/** All that a folder says at one moment. */
export interface FolderContent {
  readonly snapshot: Snapshot;
  readonly types: ReadonlyMap<string, StoredMachineType>;
  readonly credentials: readonly MachineCredential[];
  readonly lists: readonly SpokenList[];
  readonly listViews: readonly ManifestListView[];
  /** By kind and name: what each object says, as a digest. */
  readonly digests: ReadonlyMap<Kind, ReadonlyMap<string, string>>;
}

/** Reads a folder's manifests. @throws InventoryError, IdentityError, ListError, with the place */
export function contentOf(manifests: readonly Manifest[], builder: SnapshotBuilder): FolderContent {
  const { nodes, machineTypes, context } = inventoryOf(manifests);
  const digests = new Map<Kind, Map<string, string>>();
  for (const manifest of manifests) {
    const kind = kindOf(manifest);
    if (kind === undefined) continue;
    const own = digests.get(kind) ?? new Map<string, string>();
    digests.set(kind, own);
    own.set(nameOf(manifest), digestOf(manifest.object));
  }
  const types = manifests
    .filter((one) => kindOf(one) === "machine-types")
    .map(({ object }) => storedMachineType(object, digestOf(object)));
  return {
    snapshot: builder.build(nodes, machineTypes, context),
    types: new Map(types.map((type) => [type.name, type])),
    credentials: manifests.flatMap((manifest) => credentialIn(manifest) ?? []),
    lists: listsIn(manifests),
    listViews: manifests.filter(isList).map(listViewOfManifest).sort(byKey),
    digests,
  };
}

function byKey(left: ManifestListView, right: ManifestListView): number {
  return listKey(left) < listKey(right) ? -1 : 1;
}

/** How many credentials of each machine type count now. */
export function activeCredentials({ credentials }: FolderContent, now: Date): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const credential of credentials) {
    const { machineType } = credential.spec;
    if (machineType === undefined || stateOf(credential, now) !== "active") continue;
    counts.set(machineType, (counts.get(machineType) ?? 0) + 1);
  }
  return counts;
}

/** Names that differ between two readings, by kind. */
export function differences(
  before: FolderContent,
  after: FolderContent,
): readonly Extract<Change, { event: "changed" }>[] {
  const kinds = new Set([...before.digests.keys(), ...after.digests.keys()]);
  return [...kinds].flatMap((kind) => {
    const [old, now] = [before.digests.get(kind), after.digests.get(kind)];
    const all = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
    const names = [...all].filter((name) => old?.get(name) !== now?.get(name));
    return names.length === 0 ? [] : [{ event: "changed" as const, kind, names }];
  });
}

function kindOf(manifest: Manifest): Kind | undefined {
  const { apiVersion, kind } = manifest;
  if (apiVersion === "v1" && kind === "Node") return "nodes";
  if (isList(manifest)) return "manifest-lists";
  if (apiVersion !== metahubApiVersion) return undefined;
  if (kind === "MachineType") return "machine-types";
  return kind === "MachineCredential" ? "credentials" : undefined;
}

function nameOf({ object, place }: Manifest): string {
  const { metadata } = object;
  const name = isRecord(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : place;
}
