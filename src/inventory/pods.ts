import { parsePod } from "../api/parse-pod.ts";
import type { Container, Pod, PodSpec } from "../api/pod.ts";
import { gpuFractionAnnotation, gpuMemoryAnnotation, readAnnotations, readLabels } from "../api/pod-keys.ts";
import { readOptions } from "../api/pod-options.ts";
import { heapSize } from "../json/heap-size.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Change, ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { resource } from "../kubernetes/resource.ts";

export const podResource = resource({ group: "", version: "v1", plural: "pods", namespaced: true });

/** Pods that no node has yet and that have not ended. */
const unscheduled = "spec.nodeName=,status.phase!=Succeeded,status.phase!=Failed";
/** Bytes of all that are kept: 50,000 ordinary ones. A Pod beyond it is asked for when it is bound. */
const maxBytes = 48 * 1_048_576;
/** Bytes of one, twice the longest annotation that is read. A larger one is asked for when it is bound, too. */
const maxPodBytes = 64 * 1_024;
/** Bytes of its place in the store: its key, the entry, and the copy of its size. */
const entryBytes = 256;

export interface UnscheduledPodsOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch">;
  readonly observe?: (event: ReflectorEvent) => void;
  readonly onChange?: (change: Change<Pod>) => void;
  /** Default 48 MiB. */
  readonly maxBytes?: number;
}

/** The Pods that wait for a node, and of them only what the choice of their images needs. */
export class UnscheduledPods {
  readonly #reflector: Reflector<Pod>;
  readonly #sizes = new WeakMap<Pod, number>();
  #bytes = 0;

  constructor({ client, observe, onChange, maxBytes: max = maxBytes }: UnscheduledPodsOptions) {
    this.#reflector = new Reflector<Pod>({
      client,
      resource: podResource,
      fieldSelector: unscheduled,
      transform: (object) => this.#keep(object, max),
      ...(observe === undefined ? {} : { observe }),
      onChange: (change) => {
        this.#bytes += this.#sizeOf(change.object) - this.#sizeOf(change.previous);
        onChange?.(change);
      },
    });
  }

  /** Resolves after the first whole list. */
  get synced(): Promise<void> {
    return this.#reflector.synced;
  }

  /** By `namespace/name`. */
  get store(): ReadonlyMap<string, Pod> {
    return this.#reflector.store;
  }

  /** Bytes that the store takes, by estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  get(namespace: string, name: string): Pod | undefined {
    return this.#reflector.store.get(`${namespace}/${name}`);
  }

  /** Follows until the signal ends it. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  #keep(object: KubernetesObject, max: number): Pod | undefined {
    const { store } = this.#reflector;
    const { namespace = "", name } = object.metadata;
    const pod = trimPod(parsePod(object));
    const size = keptBytes(pod);
    const others = this.#bytes - this.#sizeOf(store.get(`${namespace}/${name}`));
    if (size > maxPodBytes || others + size > max) return undefined;
    this.#sizes.set(pod, size);
    return pod;
  }

  #sizeOf(pod: Pod | undefined): number {
    return pod === undefined ? 0 : (this.#sizes.get(pod) ?? 0);
  }
}

/** Names in a Pod that nobody chooses. All others are keys of maps, which a Pod's author writes. */
const podFields: ReadonlySet<string> = new Set([
  ...["metadata", "name", "namespace", "uid", "creationTimestamp", "labels", "annotations"],
  ...["spec", "nodeName", "nodeSelector", "affinity", "nodeAffinity", "tolerations", "schedulerName"],
  ...["requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchExpressions", "matchFields"],
  ...["key", "operator", "value", "values", "effect", "tolerationSeconds", "schedulingGates", "runtimeClassName"],
  ...["containers", "initContainers", "image", "restartPolicy", "resources", "requests", "limits", "claims", "request"],
  ...["imagePullSecrets", "serviceAccountName", "resourceClaims"],
  ...["resourceClaimName", "resourceClaimTemplateName"],
  ...readAnnotations,
  ...readLabels,
]);

/** Bytes that a Pod takes while it is kept, by estimate. */
export function keptBytes(pod: Pod): number {
  return heapSize(pod, podFields) + entryBytes;
}

/** The parts of a Pod that decide on its images once its node is known. */
export function trimPod({ metadata, spec }: Pod): Pod {
  const { annotations, labels } = metadata;
  return {
    metadata: {
      ...(metadata.name === undefined ? {} : { name: metadata.name }),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.creationTimestamp === undefined ? {} : { creationTimestamp: metadata.creationTimestamp }),
      ...(labels === undefined ? {} : { labels }),
      // Empty where the Pod has others: a JSON Patch that adds one must know whether there is any.
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...(spec.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(spec.containers === undefined ? {} : { containers: spec.containers.map(trimContainer) }),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(trimContainer) }),
      // Which scheduler it is says whether annotations ask for a part of a GPU.
      ...(annotations?.[gpuFractionAnnotation] === undefined && annotations?.[gpuMemoryAnnotation] === undefined
        ? {}
        : { schedulerName: spec.schedulerName ?? "" }),
      ...(spec.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
      // The build that all nodes have in common depends on which nodes those are.
      ...(readOptions(metadata).strategy === "common" ? constraints(spec) : {}),
    },
  };
}

function pick(
  from: Readonly<Record<string, string>> | undefined,
  keep: (key: string) => boolean,
): Readonly<Record<string, string>> | undefined {
  if (from === undefined) return undefined;
  return Object.fromEntries(Object.entries(from).filter(([key]) => keep(key)));
}

/** Only extended resources, whose names have a domain, can be accelerators. */
function trimContainer({ name, image, resources }: Container): Container {
  const requests = pick(resources?.requests, (key) => key.includes("/"));
  const limits = pick(resources?.limits, (key) => key.includes("/"));
  const claims = resources?.claims;
  const kept = {
    ...(requests === undefined ? {} : { requests }),
    ...(limits === undefined ? {} : { limits }),
    ...(claims === undefined ? {} : { claims }),
  };
  return {
    name,
    ...(image === undefined ? {} : { image }),
    ...(Object.keys(kept).length === 0 ? {} : { resources: kept }),
  };
}

/** The parts that decide on where a Pod can land, as far as containers do not. */
function constraints(spec: PodSpec): Partial<PodSpec> {
  const { nodeSelector, affinity, tolerations, runtimeClassName, resourceClaims } = spec;
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(affinity === undefined ? {} : { affinity }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    ...(resourceClaims === undefined ? {} : { resourceClaims }),
  };
}
