import type { Pod } from "../../api/pod.ts";
import { podResource } from "../../inventory/pods.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import { splitKey } from "../../kubernetes/object.ts";
import type { Change } from "../../kubernetes/reflector/options.ts";
import { WorkQueue } from "../../kubernetes/work-queue.ts";
import type { Logger } from "../../telemetry/log.ts";
import { aborted } from "../../time/aborted.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { restorePatch } from "./restore-patch.ts";
import { chosenForNode } from "./selection-notes.ts";
import type { WaitingPods } from "./waiting-pods.ts";

export interface RestorerOptions {
  readonly pods: Pick<WaitingPods, "store" | "onChange">;
  readonly client: Pick<KubernetesClient, "sendPatch">;
  /** How long a Pod may stay unbound after it was written for a node, in milliseconds. */
  readonly afterMs: number;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
}

const fieldManager = "metahub-controller";

/**
 * Gives Pods back the images that they had before they were written at binding, where they stay unbound: the binding
 * failed, and the next one may be to a node of another type while the webhook is away. Those images are the ones that
 * this process saw itself; the annotation, which anybody may have written, only says that there is something to put
 * back. A Pod that was not seen before is left alone: the next binding decides anew anyway.
 */
export class Restorer {
  readonly #options: RestorerOptions;
  /** Pods as they were before they were written for a node; entries go when their Pods go. */
  readonly #originals = new Map<string, Pod>();
  #queue: WorkQueue<string> | undefined;

  constructor(options: RestorerOptions) {
    this.#options = options;
    options.pods.onChange((change) => this.#follow(change));
  }

  /** Restores until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const queue = new WorkQueue<string>({
      workers: 4,
      handle: (key, ended) => this.#restore(key, ended),
      observe: (event) => {
        if (event.type !== "failed") return;
        this.#options.metrics.writes.inc({ kind: "pod", outcome: "failed" });
        this.#options.log.warn({ pod: event.key, error: event.error }, "a Pod cannot be restored and is tried again");
      },
    });
    this.#queue = queue;
    const { pods, afterMs } = this.#options;
    for (const [key, pod] of pods.store) if (chosenForNode(pod)) queue.addAfter(key, afterMs);
    await aborted(signal);
    this.#queue = undefined;
    await queue.close();
  }

  #follow({ type, key, object, previous }: Change<Pod>): void {
    if (type === "deleted") {
      this.#originals.delete(key);
      this.#queue?.forget(key);
      return;
    }
    const original = this.#originals.get(key);
    if (original !== undefined && original.metadata.uid !== object.metadata.uid) this.#originals.delete(key);
    if (!chosenForNode(object)) {
      this.#originals.delete(key);
      this.#queue?.forget(key);
      return;
    }
    const seen = previous !== undefined && previous.metadata.uid === object.metadata.uid && !chosenForNode(previous);
    if (seen) this.#originals.set(key, previous);
    // Written again for another node: the time begins anew.
    this.#queue?.forget(key);
    this.#queue?.addAfter(key, this.#options.afterMs);
  }

  async #restore(key: string, signal: AbortSignal): Promise<undefined> {
    const { pods, client, metrics, log } = this.#options;
    const pod = pods.store.get(key);
    const original = this.#originals.get(key);
    const operations = pod === undefined || original === undefined ? [] : restorePatch(pod, original);
    if (operations.length === 0) return;
    try {
      const target = { resource: podResource, ...splitKey(key) };
      await client.sendPatch(target, { type: "json", operations }, { signal, fieldManager });
      metrics.writes.inc({ kind: "pod", outcome: "written" });
      log.info({ pod: key }, "a Pod stayed unbound after it was written for a node, and has back what it had");
    } catch (error) {
      // Bound, gone, written by somebody else, or a policy's refusal: what is to be done then comes by the watch.
      if (!isKubernetesError(error, "INVALID", "NOT_FOUND", "CONFLICT", "FORBIDDEN")) throw error;
      metrics.writes.inc({ kind: "pod", outcome: "unchanged" });
      log.debug({ pod: key, error }, "a Pod was not restored");
    }
  }
}
