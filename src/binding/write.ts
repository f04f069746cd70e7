import type { Pod } from "../api/pod.ts";
import { isKubernetesError, type KubernetesError } from "../kubernetes/error.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Clock, pause } from "../time/clock.ts";
import type { BindingDecision } from "./decide.ts";
import { PodHeldError } from "./error.ts";
import type { BindingEvents } from "./events.ts";
import { heldMs } from "./hold.ts";
import { type BindingOutcome, leftOutcome, writtenOutcome } from "./outcome.ts";
import { imageAt, testsDiffer } from "./patch.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";
import { firstLookMs } from "./waiting.ts";

/** Each time somebody else wrote the same fields of the same Pod within milliseconds. */
const maxAttempts = 5;

export interface DecisionWriterOptions {
  readonly pods: Pick<BindingPods, "read" | "write">;
  readonly events: BindingEvents;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The end of a binding's review, or the state of the Pod that is to be decided on anew. */
export type Step = { readonly outcome: BindingOutcome } | { readonly again: Pod | undefined };

/** Whether an API server that failed so may have taken the write all the same. */
export function mayHaveWritten(error: unknown): boolean {
  return isKubernetesError(error) && failureOf(error) === "lost";
}

/** Writes decisions into Pods, and finds out what became of each write. */
export class DecisionWriter {
  readonly #options: DecisionWriterOptions;

  constructor(options: DecisionWriterOptions) {
    this.#options = options;
  }

  /**
   * `attempt` counts from 1.
   *
   * @throws PodHeldError where the write took long and another replica has written the Pod since.
   * @throws KubernetesError where the API server did not take the write, and trying again is no use.
   */
  async write(decision: BindingDecision, binding: BindingRequest, attempt: number, signal: AbortSignal): Promise<Step> {
    const { pods, events, clock } = this.#options;
    const { reviewed, reselections, operations, changes, startedAt } = decision;
    try {
      await pods.write(binding.namespace, binding.pod, operations, signal);
      // The note in it is from before: another replica may count it as over already.
      if (changes && clock.now() - startedAt > heldMs / 2) await this.#mustStillHave(decision, binding, signal);
      events.surprises(reviewed.pod, binding, reselections);
      return { outcome: writtenOutcome(reselections) };
    } catch (error) {
      if (!isKubernetesError(error) || signal.aborted || attempt === maxAttempts) throw error;
      return await this.#afterFailure(decision, binding, error, signal);
    }
  }

  async #afterFailure(
    decision: BindingDecision,
    binding: BindingRequest,
    error: KubernetesError,
    signal: AbortSignal,
  ): Promise<Step> {
    const { pods, clock } = this.#options;
    const { reviewed, reselections } = decision;
    const failure = failureOf(error);
    if (failure === "final") throw error;
    // A write that was lost on its way may be sent again: its tests see to it that it counts once.
    if (failure === "lost") await pause(clock, firstLookMs, signal);
    const found = await pods.read(binding.namespace, binding.pod, signal);
    if (found === undefined) return { outcome: "stale" };
    if (failure !== "refused" || testsDiffer(reviewed.pod, found, reselections)) return { again: found };
    return { outcome: this.#refused(decision, binding, error) };
  }

  async #mustStillHave(
    { reselections }: BindingDecision,
    { namespace, pod }: BindingRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#options.pods.read(namespace, pod, signal);
    if (reselections.some(({ place, write }) => write !== undefined && imageAt(found, place) !== write.image)) {
      throw new PodHeldError("another replica has written it since");
    }
  }

  /** The tests would pass: so it was not they that failed, but a policy or missing rights. */
  #refused(
    { reviewed: { pod }, reselections, changes }: BindingDecision,
    binding: BindingRequest,
    error: KubernetesError,
  ): BindingOutcome {
    const { log, events } = this.#options;
    log.warn(
      { ...binding, error },
      changes
        ? "the API server refused the build for a node; the Pod is bound as it was"
        : "the API server refused the note on why a Pod is left as written",
    );
    // No image was to change, and the Pod's owner hears of that as usual.
    if (!changes) {
      events.surprises(pod, binding, reselections);
      return leftOutcome(reselections);
    }
    events.refused(pod, binding, error.causes[0]?.message ?? error.message);
    return "refused";
  }
}

/**
 * `refused`: a test of the patch failed, or a policy refused it. `changed`: somebody else wrote the Pod. `lost`: nobody
 * knows whether it arrived. `final`: it would fail again.
 */
function failureOf({ code, temporary }: KubernetesError): "refused" | "changed" | "lost" | "final" {
  if (code === "INVALID" || code === "FORBIDDEN") return "refused";
  if (code === "CONFLICT" || code === "NOT_FOUND") return "changed";
  return temporary ? "lost" : "final";
}
