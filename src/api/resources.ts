import { metahubGroup, metahubVersion } from "./machine-type.ts";

const version = { group: metahubGroup, version: metahubVersion } as const;

/** MetaHub's resources, as paths of an API server name them. */
export const machineTypes = { ...version, plural: "machinetypes", namespaced: false } as const;
export const machineCredentials = { ...version, plural: "machinecredentials", namespaced: true } as const;
export const manifestLists = { ...version, plural: "manifestlists", namespaced: true } as const;
export const clusterManifestLists = { ...version, plural: "clustermanifestlists", namespaced: false } as const;
