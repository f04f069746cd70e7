import { ApiError } from "../../../api/error.ts";
import type { MachineCredential } from "../../../api/machine-credential.ts";
import type { ManifestListKind } from "../../../api/manifest-list.ts";
import type { NodeFacts } from "../../../api/node.ts";
import { parseMachineCredential } from "../../../api/parse-machine-credential.ts";
import { parseManifestListOf } from "../../../api/parse-manifest-list.ts";
import { parseNode } from "../../../api/parse-node.ts";
import { rewriteLabel } from "../../../api/pod-keys.ts";
import { type Rewrite, readRewrite } from "../../../api/pod-options.ts";
import { machineCredentialResource } from "../../../identity/cluster-credentials.ts";
import { machineTypeResource, nodeResource } from "../../../inventory/cluster.ts";
import { podResource } from "../../../inventory/pods.ts";
import { isRecord } from "../../../json/object.ts";
import type { KubernetesObject } from "../../../kubernetes/object.ts";
import { resource } from "../../../kubernetes/resource.ts";
import { listOfResource, type SpokenList } from "../../../lists/list.ts";
import { clusterManifestListResource, manifestListResource } from "../../../lists/resources.ts";
import type { ManifestListView } from "../../contract/views.ts";
import { listView } from "../lists/view.ts";
import { type StoredMachineType, storedMachineType } from "../machine-types/stored.ts";
import { type KeptPod, keptPod } from "../selections/kept-pod.ts";
import type { WatchedKind } from "./shared-watch.ts";

const namespaceResource = resource({ group: "", version: "v1", plural: "namespaces", namespaced: false });

const mebibyte = 1_048_576;

/** A manifest list as it is shown, and as it speaks; undefined where it cannot be read. */
export interface KeptList {
  readonly view: ManifestListView;
  readonly spoken: SpokenList | undefined;
}

/** The parts of a credential that say whether it counts. */
export type KeptCredential = Pick<MachineCredential["spec"], "machineType" | "expires" | "revoked">;

/** Nodes: 10,000 of them, with their labels, take some 40 MiB. */
export const watchedNodes: WatchedKind<NodeFacts> = {
  resource: nodeResource,
  words: "see nodes",
  keep: parseNode,
  maxBytes: 128 * mebibyte,
};

export const watchedMachineTypes: WatchedKind<StoredMachineType> = {
  resource: machineTypeResource,
  words: "see machine types",
  keep: storedMachineType,
  maxBytes: 32 * mebibyte,
};

export const watchedPods: WatchedKind<KeptPod> = {
  resource: podResource,
  words: "see the Pods of all namespaces",
  keep: keptPod,
  maxBytes: 128 * mebibyte,
};

export const watchedNamespaces: WatchedKind<{ readonly rewrite: Rewrite }> = {
  resource: namespaceResource,
  words: "see namespaces",
  keep: ({ metadata: { labels } }) => {
    const label = isRecord(labels) ? labels[rewriteLabel] : undefined;
    return { rewrite: readRewrite(typeof label === "string" ? label : undefined) };
  },
  maxBytes: 8 * mebibyte,
};

export const watchedLists: WatchedKind<KeptList> = {
  resource: manifestListResource,
  words: "see the manifest lists of all namespaces",
  keep: (object) => keptList("ManifestList", object),
  maxBytes: 32 * mebibyte,
};

export const watchedClusterLists: WatchedKind<KeptList> = {
  resource: clusterManifestListResource,
  words: "see cluster manifest lists",
  keep: (object) => keptList("ClusterManifestList", object),
  maxBytes: 32 * mebibyte,
};

export function watchedCredentials(namespace: string): WatchedKind<KeptCredential> {
  return {
    resource: machineCredentialResource,
    namespace,
    words: "see credentials",
    // Without hashes: nobody needs them here.
    keep: (object) => {
      const { machineType, expires, revoked } = parseMachineCredential(object).spec;
      return {
        ...(machineType === undefined ? {} : { machineType }),
        ...(expires === undefined ? {} : { expires }),
        ...(revoked === undefined ? {} : { revoked }),
      };
    },
    maxBytes: 8 * mebibyte,
  };
}

function keptList(kind: ManifestListKind, object: KubernetesObject): KeptList {
  return { view: listView(kind, object), spoken: spokenBy(kind, object) };
}

function spokenBy(kind: ManifestListKind, object: KubernetesObject): SpokenList | undefined {
  try {
    return listOfResource(parseManifestListOf(kind, { apiVersion: "metahub.dev/v1alpha1", kind, ...object }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return undefined;
  }
}
