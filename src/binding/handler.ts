import type { Pod } from "../api/pod.ts";
import { isKubernetesError, type KubernetesError } from "../kubernetes/error.ts";
import { imagePlaces } from "../rewriting/images.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Clock, pause, systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, conflict } from "../webhook/review.ts";
import type { BindingEvents } from "./events.ts";
import { Holds, heldMs, isHeldByNote } from "./hold.ts";
import type { BindingMetrics } from "./metrics.ts";
import type { BindingNodes } from "./nodes.ts";
import { type BindingOutcome, leftOutcome, writtenOutcome } from "./outcome.ts";
import { bindingPatch, changesImages, isBound, testsDiffer } from "./patch.ts";
import type { BindingPods } from "./pods.ts";
import { type BindingRequest, readBinding } from "./request.ts";
import { type BoundNode, type ReselectContext, type Reselection, reselect } from "./reselect.ts";

export interface BindingHandlerOptions {
  readonly pods: BindingPods;
  readonly nodes: Pick<BindingNodes, "find">;
  readonly context: ReselectContext;
  readonly events: BindingEvents;
  readonly metrics: BindingMetrics;
  readonly log: Logger;
  readonly now: () => Date;
  /** True where only Pods labelled `metahub.dev/rewrite: enabled` are meant. */
  readonly labelledOnly?: boolean;
  /** How long registries may take, in milliseconds. */
  readonly lookupMs?: number;
  readonly clock?: Clock;
}

/** Time must be left to write what could be decided of the other containers (webhook.bindingTimeoutSeconds is 10). */
const lookupMs = 2_500;

/** Each time somebody else wrote the same fields of the same Pod within milliseconds. */
const maxAttempts = 5;

/** Between two looks at a Pod that another binding holds. */
const firstLookMs = 50;
const lastLookMs = 500;
/** Bindings that wait for another one of their Pod. A few at most, unless somebody makes them. */
const maxWaiting = 16;

/** Another binding of the Pod is under way, and the time is over. */
class PodHeld extends Error {}

/**
 * The validating handler of bindings: writes into the Pod the builds for the node that it is about to be bound to, and
 * lets the binding pass, whatever happens. Validating, because it must run after everything that may still refuse.
 *
 * One kind of binding is refused: one of two that run at once for the same Pod. Only one of them can succeed anyway,
 * and the other must not take the Pod to its node with the build that was written for the first one's.
 */
export class BindingHandler {
  readonly #options: BindingHandlerOptions;
  readonly #clock: Clock;
  readonly #holds: Holds;
  #waiting = 0;

  constructor(options: BindingHandlerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#holds = new Holds(() => this.#clock.now());
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const binding = readBinding(request);
    if (binding === undefined) return allowed(request.uid);
    const { metrics, log } = this.#options;
    const began = performance.now();
    let outcome: BindingOutcome;
    try {
      outcome = request.dryRun ? await this.#bind(binding, true, signal) : await this.#inTurn(binding, signal);
    } catch (error) {
      const held = error instanceof PodHeld;
      outcome = held ? "conflict" : signal.aborted ? "deadline" : "failed";
      log.warn({ ...binding, error, outcome }, held ? "a second binding is refused" : "a Pod is bound as it is");
    }
    metrics.bindings.inc({ outcome });
    metrics.bindingSeconds.observe({ outcome }, (performance.now() - began) / 1000);
    log.debug({ ...binding, outcome }, "binding reviewed");
    if (outcome === "conflict") {
      return conflict(request.uid, `metahub: Pod ${binding.pod} is being bound to another node at this moment`);
    }
    const unproven = `metahub: annotation metahub.dev/selection of Pod ${binding.pod} cannot be confirmed; its images stay`;
    return allowed(request.uid, outcome === "unproven" ? [unproven] : []);
  }

  /** One node at a time for each Pod, of the bindings that this process is asked about. */
  async #inTurn(binding: BindingRequest, signal: AbortSignal): Promise<BindingOutcome> {
    const { namespace, pod, node } = binding;
    const key = binding.uid ?? this.#options.pods.known(namespace, pod)?.metadata.uid ?? `${namespace}/${pod}`;
    for (let look = 1; !this.#holds.take(key, node); look++) {
      if (this.#isOver(binding, await this.#lookAgain(binding, look * firstLookMs, signal))) return "stale";
    }
    // Of what is refused, and of what is left to its owner, nothing can come that another binding must wait for.
    let over = false;
    try {
      const outcome = await this.#bind(binding, false, signal);
      over = outcome === "stale" || outcome === "skipped";
      return outcome;
    } catch (error) {
      over = error instanceof PodHeld || this.#isHeldElsewhere(binding);
      throw over && !(error instanceof PodHeld) ? new PodHeld("another replica has it", { cause: error }) : error;
    } finally {
      this.#holds.giveBack(key, over);
    }
  }

  async #bind(binding: BindingRequest, dryRun: boolean, signal: AbortSignal): Promise<BindingOutcome> {
    const { pods, nodes, events, now } = this.#options;
    let pod = pods.known(binding.namespace, binding.pod);
    // A Pod of the same name that came after the one we remember.
    if (pod?.metadata.uid !== undefined && binding.uid !== undefined && pod.metadata.uid !== binding.uid)
      pod = undefined;
    pod ??= await pods.read(binding.namespace, binding.pod, signal);
    let waitedMs = 0;
    for (let attempt = 1; ; ) {
      if (pod === undefined || this.#isOver(binding, pod)) return "stale";
      if (!this.#isMeant(pod)) return "skipped";
      const node = await nodes.find(binding.node, pod, signal);
      if (node === undefined) return "unknown-node";
      const decidedAt = this.#clock.now();
      const reselections = await this.#decide(pod, binding, node, signal);
      const operations = bindingPatch(pod, reselections);
      if (operations.length > 0 && dryRun) return "dry-run";
      if (operations.length === 0) {
        if (!dryRun) events.surprises(pod, binding, reselections);
        return leftOutcome(reselections);
      }
      const changes = changesImages(reselections);
      if (changes && waitedMs < heldMs && isHeldByNote(pod, binding.node, now())) {
        const ms = Math.min(firstLookMs + waitedMs, lastLookMs, heldMs - waitedMs);
        pod = await this.#lookAgain(binding, ms, signal);
        waitedMs += ms;
        continue;
      }
      try {
        await pods.write(binding.namespace, binding.pod, operations, signal);
        // The note in it is from before: another replica may count it as over already.
        if (changes && this.#clock.now() - decidedAt > heldMs / 2)
          await this.#mustStillHave(binding, reselections, signal);
        events.surprises(pod, binding, reselections);
        return writtenOutcome(reselections);
      } catch (error) {
        if (!isKubernetesError(error) || signal.aborted) throw error;
        const refused = error.code === "INVALID" || error.code === "FORBIDDEN";
        const differs = refused || error.code === "CONFLICT" || error.code === "NOT_FOUND";
        // What was lost on its way may be sent again: its tests see to it that it counts once.
        if (!(differs || error.temporary) || attempt++ === maxAttempts) throw error;
        if (!differs) await pause(this.#clock, firstLookMs, signal);
        const found = await pods.read(binding.namespace, binding.pod, signal);
        if (found === undefined) return "stale";
        if (refused && !testsDiffer(pod, found, reselections)) return this.#refused(pod, binding, reselections, error);
        pod = found;
      }
    }
  }

  /** The Pod, a little later. Each that waits keeps a seat at the API server, so a crowd is not let to wait. */
  async #lookAgain({ namespace, pod }: BindingRequest, ms: number, signal: AbortSignal): Promise<Pod | undefined> {
    if (this.#waiting >= maxWaiting)
      throw new PodHeld("another binding of the Pod is under way, and many wait already");
    this.#waiting++;
    try {
      await pause(this.#clock, Math.min(ms, lastLookMs), signal);
      return await this.#options.pods.read(namespace, pod, signal);
    } catch (cause) {
      throw new PodHeld("another binding of the Pod is under way", { cause });
    } finally {
      this.#waiting--;
    }
  }

  /** After a write that took long. @throws PodHeld where another replica has written the Pod since. */
  async #mustStillHave(
    { namespace, pod }: BindingRequest,
    reselections: readonly Reselection[],
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#options.pods.read(namespace, pod, signal);
    const images = new Map(found === undefined ? [] : imagePlaces(found).map(({ pointer, image }) => [pointer, image]));
    if (reselections.some(({ place, write }) => write !== undefined && images.get(place.pointer) !== write.image)) {
      throw new PodHeld("another replica has written it since");
    }
  }

  /** Nothing can come of the binding: the Pod is gone, is another one, or has a node. */
  #isOver({ uid }: BindingRequest, pod: Pod | undefined): boolean {
    return pod === undefined || isBound(pod) || (uid !== undefined && pod.metadata.uid !== uid);
  }

  /** By what the watch told: there may be no time to ask. */
  #isHeldElsewhere({ namespace, pod, node }: BindingRequest): boolean {
    const known = this.#options.pods.known(namespace, pod);
    return known !== undefined && isHeldByNote(known, node, this.#options.now());
  }

  async #decide(pod: Pod, { namespace }: BindingRequest, node: BoundNode, signal: AbortSignal) {
    const { context, now, lookupMs: ms = lookupMs } = this.#options;
    const deadline = new Deadline(this.#clock, signal, "asking registries", ms);
    try {
      return await reselect({ pod, namespace, signal: deadline.signal }, node, context, now());
    } finally {
      deadline.end();
    }
  }

  /** The tests would pass: so it was not they that failed, but a policy or missing rights. */
  #refused(
    pod: Pod,
    binding: BindingRequest,
    reselections: readonly Reselection[],
    error: KubernetesError,
  ): BindingOutcome {
    const { log, events } = this.#options;
    const images = changesImages(reselections);
    log.warn(
      { ...binding, error },
      images
        ? "the API server refused the build for a node; the Pod is bound as it was"
        : "the API server refused the note on why a Pod is left as written",
    );
    // Nothing of what the Pod runs was to change, and its owner hears of that as usual.
    if (!images) {
      events.surprises(pod, binding, reselections);
      return leftOutcome(reselections);
    }
    events.refused(pod, binding, error.causes[0]?.message ?? error.message);
    return "refused";
  }

  /** The selectors of a webhook see the Binding, so what the Pod says of itself is looked at here. */
  #isMeant({ metadata: { labels, annotations } }: Pod): boolean {
    const rewrite = labels?.["metahub.dev/rewrite"];
    if (rewrite === "disabled" || (this.#options.labelledOnly === true && rewrite !== "enabled")) return false;
    return annotations?.["metahub.dev/strategy"] !== "admission";
  }
}
