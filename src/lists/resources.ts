import { metahubGroup, metahubVersion } from "../api/machine-type.ts";
import { resource } from "../kubernetes/resource.ts";

const group = { group: metahubGroup, version: metahubVersion } as const;

export const manifestListResource = resource({ ...group, plural: "manifestlists", namespaced: true });
export const clusterManifestListResource = resource({ ...group, plural: "clustermanifestlists", namespaced: false });
