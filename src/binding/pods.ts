import { parsePod } from "../api/parse-pod.ts";
import type { Pod } from "../api/pod.ts";
import { podResource, trimPod } from "../inventory/pods.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { JsonPatchOperation } from "../kubernetes/client/requests.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { Turns } from "../time/turns.ts";

/** The Pods of a cluster, as the choice at binding needs them. */
export interface BindingPods {
  /** The memory of a Pod that waits for a node; it may be a moment old. */
  known(namespace: string, name: string): Pod | undefined;
  /**
   * As it is now; undefined where there is none.
   *
   * @throws KubernetesError where it cannot be read.
   */
  read(namespace: string, name: string, signal: AbortSignal): Promise<Pod | undefined>;
  /** @throws KubernetesError INVALID where a test fails or a policy refuses, and others as every write does. */
  write(namespace: string, name: string, operations: readonly JsonPatchOperation[], signal: AbortSignal): Promise<void>;
}

/** Names the webhook in the Pod's managed fields. */
const fieldManager = "metahub-webhook";

export interface ClusterPodsOptions {
  readonly client: KubernetesClient;
  readonly cache: { get(namespace: string, name: string): Pod | undefined };
  /** Requests at once; others wait for their turn. */
  readonly turns: Turns;
}

/** Over a cache of the Pods that wait, and the API server for those that are not in it. */
export class ClusterPods implements BindingPods {
  readonly #options: ClusterPodsOptions;

  constructor(options: ClusterPodsOptions) {
    this.#options = options;
  }

  known(namespace: string, name: string): Pod | undefined {
    return this.#options.cache.get(namespace, name);
  }

  async read(namespace: string, name: string, signal: AbortSignal): Promise<Pod | undefined> {
    const { client, turns } = this.#options;
    const target = { resource: podResource, namespace, name };
    try {
      return await turns.run(signal, () => client.get(target, { signal, parse: (value) => trimPod(parsePod(value)) }));
    } catch (error) {
      if (isKubernetesError(error, "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async write(
    namespace: string,
    name: string,
    operations: readonly JsonPatchOperation[],
    signal: AbortSignal,
  ): Promise<void> {
    const { client, turns } = this.#options;
    const target = { resource: podResource, namespace, name };
    await turns.run(signal, () => client.sendPatch(target, { type: "json", operations }, { signal, fieldManager }));
  }
}
