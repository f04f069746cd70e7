import { ApiError } from "../api/error.ts";
import { metahubApiVersion } from "../api/machine-type.ts";
import type { ManifestListKind } from "../api/manifest-list.ts";
import { parseManifestListOf } from "../api/parse-manifest-list.ts";
import { type Manifest, plainListKind } from "../manifests/parse.ts";
import { OciError } from "../oci/error.ts";
import { readManifestList } from "../oci/manifest-list.ts";
import { ListError } from "./error.ts";
import { listOfFile, listOfResource, type SpokenList } from "./list.ts";

type Typed = Pick<Manifest, "apiVersion" | "kind">;

/** Whether a manifest is a manifest list of any form. */
export function isList(manifest: Typed): boolean {
  return isPlain(manifest) || kindOf(manifest) !== undefined;
}

/**
 * The lists among manifests: ManifestLists, ClusterManifestLists, and lists in the YAML of 2019, which have no apiVersion.
 * Other kinds are passed over.
 * @throws ListError OBJECT_INVALID, DUPLICATE, with the place
 */
export function listsIn(manifests: readonly Manifest[]): readonly SpokenList[] {
  const known = new Map<string, SpokenList>();
  for (const manifest of manifests) {
    const list = listIn(manifest);
    if (list === undefined) continue;
    if (known.has(list.shown)) {
      throw new ListError("DUPLICATE", `${manifest.place}: ${list.shown} stands twice; keep one of them`);
    }
    known.set(list.shown, list);
  }
  return [...known.values()];
}

function listIn(manifest: Manifest): SpokenList | undefined {
  const { object, place } = manifest;
  const kind = kindOf(manifest);
  try {
    if (isPlain(manifest)) return listOfFile(readManifestList(object), place);
    // Items of a List may be without a kind of their own.
    return kind && listOfResource(parseManifestListOf(kind, { ...object, apiVersion: metahubApiVersion, kind }));
  } catch (cause) {
    if (!(cause instanceof ApiError || cause instanceof OciError)) throw cause;
    throw new ListError("OBJECT_INVALID", `${place}: ${cause.message}`, { cause });
  }
}

function isPlain({ apiVersion, kind }: Typed): boolean {
  return apiVersion === "" && kind === plainListKind;
}

function kindOf({ apiVersion, kind }: Typed): ManifestListKind | undefined {
  if (apiVersion !== metahubApiVersion) return undefined;
  return kind === "ManifestList" || kind === "ClusterManifestList" ? kind : undefined;
}
