import { clusterManifestLists, manifestLists } from "../api/resources.ts";
import { resource } from "../kubernetes/resource.ts";

export const manifestListResource = resource(manifestLists);
export const clusterManifestListResource = resource(clusterManifestLists);
