import type { Pod } from "../api/pod.ts";
import { type Clock, pause, systemClock } from "../kubernetes/clock.ts";
import { Deadline } from "../kubernetes/deadline.ts";
import { isKubernetesError, type KubernetesError } from "../kubernetes/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { type AdmissionRequest, type AdmissionReviewResponse, allowed } from "../webhook/review.ts";
import { heldMs, isHeld } from "./claim.ts";
import type { BindingEvents } from "./events.ts";
import type { BindingNodes } from "./nodes.ts";
import { bindingPatch, isBound, testsDiffer } from "./patch.ts";
import type { BindingPods } from "./pods.ts";
import { type BindingRequest, readBinding } from "./request.ts";
import { type BoundNode, type ReselectContext, type Reselection, reselect } from "./reselect.ts";

/** What became of a Pod's images at its binding. */
export type BindingOutcome =
  | "written" // builds for this node were written
  | "corrected" // what was chosen at admission was replaced
  | "returned" // a build that this node does not run was replaced by what was asked
  | "unchanged" // they are right already, or there is no choice
  | "nothing-fits" // no build fits this node; left as written
  | "unproven" // what the annotation says cannot be confirmed; left as it is
  | "undecided" // a registry did not tell; left as it is
  | "skipped" // the Pod wants no rewriting, or not here
  | "unknown-node" // the node is not known, or none is yet
  | "stale" // the Pod is gone or bound
  | "refused" // a policy refused the write
  | "deadline" // the time was over
  | "failed" // the API server did not take the write
  | "dry-run"; // something would have been written

export interface BindingHandlerOptions {
  readonly pods: BindingPods;
  readonly nodes: Pick<BindingNodes, "find">;
  readonly context: ReselectContext;
  readonly events: BindingEvents;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => Date;
  /** True where only Pods labelled `metahub.dev/rewrite: enabled` are meant. */
  readonly labelledOnly?: boolean;
  /** How long registries may take, in milliseconds. */
  readonly lookupMs?: number;
  readonly clock?: Clock;
}

/** Time must be left to write what could be decided of the other containers (webhook.timeoutSeconds is 5). */
const lookupMs = 2_500;

/** Each time somebody else wrote the same fields of the same Pod within milliseconds. */
const maxAttempts = 5;

/** Between two looks at a Pod that another binding holds; longer each time. */
const firstLookMs = 50;

/**
 * The validating handler of bindings: writes into the Pod the builds for the node that it is about to be bound to, and
 * lets the binding pass, whatever happens. Validating, because it must run after everything that may still refuse.
 */
export class BindingHandler {
  readonly #options: BindingHandlerOptions;

  constructor(options: BindingHandlerOptions) {
    this.#options = options;
  }

  async handle(request: AdmissionRequest, signal: AbortSignal): Promise<AdmissionReviewResponse> {
    const binding = readBinding(request);
    if (binding === undefined) return allowed(request.uid);
    const { metrics, log } = this.#options;
    const began = performance.now();
    let outcome: BindingOutcome;
    try {
      outcome = await this.#bind(binding, request.dryRun, signal);
    } catch (error) {
      outcome = signal.aborted ? "deadline" : "failed";
      log.warn({ ...binding, error, outcome }, "a Pod is bound with the images that it has");
    }
    metrics.bindings.inc({ outcome });
    metrics.bindingSeconds.observe({ outcome }, (performance.now() - began) / 1000);
    log.debug({ ...binding, outcome }, "binding reviewed");
    return allowed(request.uid, outcome === "unproven" ? ["metahub: an annotation that proves nothing"] : []);
  }

  async #bind(binding: BindingRequest, dryRun: boolean, signal: AbortSignal): Promise<BindingOutcome> {
    const { pods, nodes, events, now, clock = systemClock } = this.#options;
    let pod = pods.known(binding.namespace, binding.pod);
    // A Pod of the same name that came after the one we remember.
    if (pod?.metadata.uid !== undefined && binding.uid !== undefined && pod.metadata.uid !== binding.uid)
      pod = undefined;
    pod ??= await pods.read(binding.namespace, binding.pod, signal);
    let waitedMs = 0;
    for (let attempt = 1; ; ) {
      if (pod === undefined || isBound(pod)) return "stale";
      if (binding.uid !== undefined && pod.metadata.uid !== binding.uid) return "stale";
      if (!this.#isMeant(pod)) return "skipped";
      const node = await nodes.find(binding.node, pod, signal);
      if (node === undefined) return "unknown-node";
      const reselections = await this.#decide(pod, binding, node, signal);
      const operations = bindingPatch(pod, reselections);
      if (operations.length > 0 && dryRun) return "dry-run";
      if (operations.length === 0) {
        if (!dryRun) events.surprises(pod, binding, reselections);
        return leftOutcome(reselections);
      }
      if (waitedMs < heldMs && isHeld(pod, binding.node, reselections, now())) {
        const ms = Math.min(Math.max(firstLookMs, waitedMs), heldMs - waitedMs);
        await pause(clock, ms, signal);
        waitedMs += ms;
        pod = await pods.read(binding.namespace, binding.pod, signal);
        continue;
      }
      try {
        await pods.write(binding.namespace, binding.pod, operations, signal);
        events.surprises(pod, binding, reselections);
        return writtenOutcome(reselections);
      } catch (error) {
        if (!isKubernetesError(error, "INVALID", "CONFLICT", "FORBIDDEN", "NOT_FOUND") || signal.aborted) throw error;
        const found = await pods.read(binding.namespace, binding.pod, signal);
        if (found === undefined) return "stale";
        if (error.code !== "CONFLICT" && !testsDiffer(pod, found, reselections)) {
          return this.#refused(pod, binding, reselections, error);
        }
        if (attempt++ === maxAttempts) throw error;
        pod = found;
      }
    }
  }

  async #decide(pod: Pod, { namespace }: BindingRequest, node: BoundNode, signal: AbortSignal) {
    const { context, now, clock = systemClock, lookupMs: ms = lookupMs } = this.#options;
    const deadline = new Deadline(clock, signal, "asking registries", ms);
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
    const images = reselections.some(({ kind }) => kind !== "keep");
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

function writtenOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const kinds = new Set(reselections.map(({ kind, write }) => (write === undefined ? "keep" : kind)));
  if (kinds.has("return")) return "returned";
  if (kinds.has("correct")) return "corrected";
  return kinds.has("choose") || kinds.has("move") ? "written" : leftOutcome(reselections);
}

/** The one that an operator should look at first. */
function leftOutcome(reselections: readonly Reselection[]): BindingOutcome {
  const codes = new Set(reselections.map(({ code }) => code));
  if (codes.has("unproven")) return "unproven";
  if (codes.has("nothing-fits")) return "nothing-fits";
  if (codes.has("deadline")) return "deadline";
  return codes.has("registry-failed") || codes.has("not-found") ? "undecided" : "unchanged";
}
