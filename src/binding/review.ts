import type { Pod } from "../api/pod.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { type BindingDecision, type DecideOptions, decideBinding } from "./decide.ts";
import { heldMs, isHeldByNote } from "./hold.ts";
import { type BindingOutcome, leftOutcome } from "./outcome.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";
import { findPod, isMeant, isOver } from "./subject.ts";
import { firstLookMs, lastLookMs, type Waiting } from "./waiting.ts";
import { DecisionWriter, type DecisionWriterOptions, type Step } from "./write.ts";

export interface ReviewOptions extends DecideOptions, DecisionWriterOptions {
  readonly pods: BindingPods;
  readonly waiting: Waiting;
  /** True where only Pods that opted in are meant. */
  readonly labelledOnly: boolean;
}

/** The review of one binding: decides on the Pod as it is found, and anew on each state that it is in by then. */
export class BindingReview {
  readonly #options: ReviewOptions;
  readonly #binding: BindingRequest;
  readonly #dryRun: boolean;
  readonly #signal: AbortSignal;
  readonly #writer: DecisionWriter;
  #writes = 0;
  /** How long another replica's binding was waited for. */
  #waitedMs = 0;

  constructor(options: ReviewOptions, binding: BindingRequest, dryRun: boolean, signal: AbortSignal) {
    this.#options = options;
    this.#binding = binding;
    this.#dryRun = dryRun;
    this.#signal = signal;
    this.#writer = new DecisionWriter(options);
  }

  /**
   * @throws PodHeldError where another binding of the Pod is under way.
   * @throws KubernetesError where the Pod can be neither read nor written.
   */
  async run(): Promise<BindingOutcome> {
    let pod = await findPod(this.#binding, this.#options.pods, this.#signal);
    for (;;) {
      const step = await this.#step(pod);
      if ("outcome" in step) return step.outcome;
      pod = step.again;
    }
  }

  async #step(pod: Pod | undefined): Promise<Step> {
    if (pod === undefined || isOver(this.#binding, pod)) return { outcome: "stale" };
    const reviewed = reviewPod(pod);
    if (!isMeant(reviewed.options, this.#options.labelledOnly)) return { outcome: "skipped" };
    const decision = await decideBinding(reviewed, this.#binding, this.#options, this.#signal);
    if (decision === undefined) return { outcome: "unknown-node" };
    if (decision.operations.length === 0) return this.#leave(decision);
    if (this.#dryRun) return { outcome: "dry-run" };
    if (this.#isHeldElsewhere(decision)) return { again: await this.#waitForOther() };
    return await this.#writer.write(decision, this.#binding, ++this.#writes, this.#signal);
  }

  #leave({ reviewed, reselections }: BindingDecision): Step {
    if (!this.#dryRun) this.#options.events.surprises(reviewed.pod, this.#binding, reselections);
    return { outcome: leftOutcome(reselections) };
  }

  /** By another replica, whose binding to another node may be under way; a note alone harms nobody. */
  #isHeldElsewhere({ reviewed, changes }: BindingDecision): boolean {
    const mayWait = changes && this.#waitedMs < heldMs;
    return mayWait && isHeldByNote(reviewed.notes, this.#binding.node, this.#options.now());
  }

  async #waitForOther(): Promise<Pod | undefined> {
    const ms = Math.min(firstLookMs + this.#waitedMs, lastLookMs, heldMs - this.#waitedMs);
    const pod = await this.#options.waiting.lookAgain(this.#binding, ms, this.#signal);
    this.#waitedMs += ms;
    return pod;
  }
}
