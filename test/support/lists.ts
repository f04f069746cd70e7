import type { ManifestListKind, ManifestListSpec } from "../../src/api/manifest-list.ts";
import { parseManifestListOf } from "../../src/api/parse-manifest-list.ts";
import { listOfResource, type SpokenList } from "../../src/lists/list.ts";

/** A list as the API server has it. A namespace makes it a ManifestList. */
export function list(
  name: string,
  spec: ManifestListSpec,
  { namespace, day = 1 }: { readonly namespace?: string; readonly day?: number } = {},
): SpokenList {
  const kind: ManifestListKind = namespace === undefined ? "ClusterManifestList" : "ManifestList";
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: `00000000-0000-4000-8000-${name.length.toString().padStart(12, "0")}`,
    creationTimestamp: `2026-01-${String(day).padStart(2, "0")}T00:00:00Z`,
  };
  return listOfResource(parseManifestListOf(kind, { apiVersion: "metahub.dev/v1alpha1", kind, metadata, spec }));
}
