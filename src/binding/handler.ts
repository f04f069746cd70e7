import { selectionAnnotation } from "../api/pod-keys.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { NamespaceReach } from "../webhook/reach.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed, conflict } from "../webhook/review.ts";
import { PodHeldError } from "./error.ts";
import type { BindingEvents } from "./events.ts";
import type { BindingMetrics } from "./metrics.ts";
import type { BindingNodes } from "./nodes.ts";
import type { BindingOutcome } from "./outcome.ts";
import type { BindingPods } from "./pods.ts";
import { type BindingRequest, readBinding } from "./request.ts";
import type { ReselectContext } from "./reselection.ts";
import { BindingReview, type ReviewOptions } from "./review.ts";
import { BindingTurns } from "./turn.ts";
import { Waiting } from "./waiting.ts";

export interface BindingHandlerOptions {
  readonly pods: BindingPods;
  readonly nodes: Pick<BindingNodes, "find" | "isKnown">;
  readonly context: ReselectContext;
  readonly events: BindingEvents;
  readonly metrics: BindingMetrics;
  readonly log: Logger;
  readonly now: () => Date;
  /** True where only Pods labelled `metahub.dev/rewrite: enabled` are meant. */
  readonly labelledOnly?: boolean;
  /** Absent: all namespaces are meant. */
  readonly reach?: Pick<NamespaceReach, "of">;
  /** How long registries may take, in milliseconds. */
  readonly lookupMs?: number;
  readonly clock?: Clock;
}

/** Milliseconds. Time must be left to write the other decisions (webhook.bindingTimeoutSeconds is 10). */
const lookupMs = 2_500;

/**
 * The validating handler of bindings: writes into the Pod the builds for the node that it is about to be bound to, and
 * lets the binding pass, whatever happens. Validating, because it must run after everything that may still refuse.
 *
 * One kind of binding is refused: one of two that run at once for the same Pod. Only one of them can succeed anyway,
 * and the other must not take the Pod to its node with the build that was written for the first one's.
 */
export class BindingHandler {
  readonly #metrics: BindingMetrics;
  readonly #log: Logger;
  readonly #options: ReviewOptions;
  readonly #turns: BindingTurns;
  readonly #reach: BindingHandlerOptions["reach"];
  readonly #nodes: BindingHandlerOptions["nodes"];

  constructor({ metrics, log, reach, ...options }: BindingHandlerOptions) {
    const { pods, nodes, now, clock = systemClock } = options;
    const waiting = new Waiting(pods, clock);
    this.#metrics = metrics;
    this.#log = log;
    this.#reach = reach;
    this.#nodes = nodes;
    this.#options = { labelledOnly: false, lookupMs, ...options, log, clock, waiting };
    this.#turns = new BindingTurns({ pods, waiting, clock, now });
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const binding = readBinding(request);
    if (binding === undefined) return allowed(request.uid);
    if (binding === "too-long") {
      this.#log.warn("a binding with a name or uid that is longer than any passes unread");
      return allowed(request.uid);
    }
    const began = performance.now();
    const outcome = await this.#outcome(binding, request.dryRun, signal);
    this.#metrics.bindings.inc({ outcome });
    this.#metrics.bindingSeconds.observe({ outcome }, (performance.now() - began) / 1000);
    this.#log.debug({ ...binding, outcome }, "binding reviewed");
    if (outcome === "conflict") {
      return conflict(request.uid, `metahub: Pod ${binding.pod} is being bound to another node at this moment`);
    }
    const unproven = `metahub: annotation ${selectionAnnotation} of Pod ${binding.pod} does not prove itself; its images stay`;
    return allowed(request.uid, outcome === "unproven" ? [unproven] : []);
  }

  async #outcome(binding: BindingRequest, dryRun: boolean, signal: AbortSignal): Promise<BindingOutcome> {
    const reach = (await this.#reach?.of(binding.namespace, signal)) ?? "all";
    if (reach === "none" || reach === "unknown") return "skipped";
    // A node is waited for before the Pod is taken for it: bindings to one that never comes would keep it from all others.
    if (!(await this.#nodes.isKnown(binding.node, signal))) return "unknown-node";
    const labelledOnly = this.#options.labelledOnly || reach === "labelled";
    const review = new BindingReview({ ...this.#options, labelledOnly }, binding, dryRun, signal);
    try {
      return dryRun ? await review.run() : await this.#turns.run(binding, signal, review);
    } catch (error) {
      const held = error instanceof PodHeldError;
      const outcome = held ? "conflict" : signal.aborted ? "deadline" : "failed";
      this.#log.warn({ ...binding, error, outcome }, held ? "a second binding is refused" : "a Pod is bound as it is");
      return outcome;
    }
  }
}
