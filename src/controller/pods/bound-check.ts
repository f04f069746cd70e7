import { LRUCache } from "lru-cache";
import { parsePod } from "../../api/parse-pod.ts";
import type { Pod } from "../../api/pod.ts";
import { selectionAnnotation } from "../../api/pod-keys.ts";
import { isMeant, readOptions } from "../../api/pod-options.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { podResource, trimPod } from "../../inventory/pods.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { EventRecorder } from "../../kubernetes/events/recorder.ts";
import type { Change } from "../../kubernetes/reflector/options.ts";
import { type Requeue, WorkQueue } from "../../kubernetes/work-queue.ts";
import type { Logger } from "../../telemetry/log.ts";
import { aborted } from "../../time/aborted.ts";
import { type Clock, systemClock } from "../../time/clock.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { boundEvent } from "./bound-event.ts";
import { isLeftOpen, judgeBound } from "./bound-verdict.ts";
import { chosenForNode } from "./selection-notes.ts";
import type { WaitingPods } from "./waiting-pods.ts";

export interface BoundCheckOptions {
  readonly pods: Pick<WaitingPods, "onChange">;
  readonly client: Pick<KubernetesClient, "get">;
  readonly inventory: Pick<Inventory, "snapshot">;
  readonly events: Pick<EventRecorder, "record">;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * A binding follows the write of its Pod within milliseconds, and the scheduler tries again a second later at the
 * earliest (kube-scheduler, podInitialBackoffSeconds). So a Pod that waits longer may be bound to another node.
 */
const promptMs = 1_000;
/** How long a Lease lies that nobody renews (15 s), twice. */
const rememberMs = 30_000;
const maxRemembered = 1_000;
/** Beyond it Pods are bound unchecked; a scheduler binds some hundred a second. */
const maxQueued = 10_000;

/**
 * Tells of Pods that were bound while the webhook was away, too slow or failed: it lets every binding pass, and cannot
 * say so itself. Only Pods that look so when they are last seen without a node are read, once. Reads and tells, and
 * changes nothing: the annotation that it goes by may be anybody's.
 */
export class BoundCheck {
  readonly #options: BoundCheckOptions;
  readonly #clock: Clock;
  /** When Pods were seen written for a node; entries go when their Pods go. */
  readonly #writtenAt = new Map<string, number>();
  /**
   * Suspects, as `namespace/name/uid`, and when they left. Nobody but the leader knows which ones were judged, so a new
   * leader may tell of some a second time: better than never.
   */
  readonly #left = new LRUCache<string, number>({ max: maxRemembered });
  #queue: WorkQueue<string> | undefined;

  constructor(options: BoundCheckOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    options.pods.onChange((change) => this.#follow(change));
    // A counter that begins with its first event has no increase that an alert could see.
    for (const outcome of ["as-written", "for-another-node"]) options.metrics.boundPods.inc({ outcome }, 0);
  }

  /** Judges until the signal aborts, and first those that left while nobody did. */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const queue = new WorkQueue<string>({
      workers: 2,
      maxKeys: maxQueued,
      handle: (suspect, ended) => this.#check(suspect, ended),
      observe: (event) => {
        if (event.type === "dropped") log.warn({ pod: event.key }, "too many Pods wait to be checked; one is not");
        if (event.type !== "failed") return;
        log.warn({ pod: event.key, error: event.error }, "a bound Pod cannot be read and is tried again");
      },
      clock: this.#clock,
    });
    this.#queue = queue;
    const since = this.#clock.now() - rememberMs;
    for (const [suspect, at] of [...this.#left.entries()].reverse()) if (at >= since) queue.add(suspect);
    await aborted(signal);
    this.#queue = undefined;
    await queue.close();
  }

  #follow({ type, key, object, previous }: Change<Pod>): void {
    const now = this.#clock.now();
    if (type !== "deleted") {
      if (!chosenForNode(object)) this.#writtenAt.delete(key);
      else if (previous === undefined || !sameWrite(previous, object)) this.#writtenAt.set(key, now);
      return;
    }
    const writtenAt = this.#writtenAt.get(key);
    this.#writtenAt.delete(key);
    const { uid } = previous.metadata;
    if (uid === undefined || !isMeant(readOptions(previous.metadata))) return;
    const late = writtenAt !== undefined && now - writtenAt > promptMs;
    if (!late && !isLeftOpen(previous)) return;
    const suspect = `${key}/${uid}`;
    this.#left.set(suspect, now);
    this.#queue?.add(suspect);
  }

  async #check(suspect: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const { inventory, client, events, metrics, log } = this.#options;
    const snapshot = inventory.snapshot();
    if (snapshot === undefined) return { requeueAfterMs: 1_000 };
    const [namespace = "", name = "", uid] = suspect.split("/", 3);
    let pod: Pod | undefined;
    try {
      pod = trimPod(parsePod(await client.get({ resource: podResource, namespace, name }, { signal })));
    } catch (error) {
      if (signal.aborted || (isKubernetesError(error) && error.temporary)) throw error;
      // It was deleted, which is how most Pods leave that were never bound.
      if (!isKubernetesError(error, "NOT_FOUND")) log.warn({ pod: suspect, error }, "a bound Pod cannot be checked");
    }
    this.#left.delete(suspect);
    if (pod === undefined || pod.metadata.uid !== uid) return undefined;
    const verdicts = judgeBound(pod, snapshot.nodes);
    for (const outcome of new Set(verdicts.map((verdict) => verdict.outcome))) metrics.boundPods.inc({ outcome });
    for (const verdict of verdicts) {
      events.record(boundEvent(pod, verdict));
      log.info({ pod: suspect, ...verdict }, "a Pod was bound without a choice for its node");
    }
    return undefined;
  }
}

/** The same Pod, written at the same binding. */
function sameWrite({ metadata: one }: Pod, { metadata: other }: Pod): boolean {
  return one.uid === other.uid && one.annotations?.[selectionAnnotation] === other.annotations?.[selectionAnnotation];
}
