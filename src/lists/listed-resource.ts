import type { ManifestListResource, ManifestListStatus } from "../api/manifest-list.ts";
import { listOfResource, type SpokenList } from "./list.ts";

/** A list of a cluster, as far as it is kept. */
export interface ListedResource {
  readonly list: SpokenList;
  readonly generation: number;
  readonly uid: string | undefined;
  readonly status?: ManifestListStatus;
}

export function listedResource(resource: ManifestListResource): ListedResource {
  const { metadata, status } = resource;
  return {
    list: listOfResource(resource),
    generation: metadata.generation ?? 0,
    uid: metadata.uid,
    ...(status === undefined ? {} : { status }),
  };
}
