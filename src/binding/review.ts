import type { Pod } from "../api/pod.ts";
import { oversize } from "../rewriting/oversize.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import { type BindingDecision, type DecideOptions, decideBinding } from "./decide.ts";
import { heldMs, isHeldByNote } from "./hold.ts";
import { type BindingOutcome, leftOutcome } from "./outcome.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";
import { findPod, isMeantNow, isOver } from "./subject.ts";
import { firstLookMs, lastLookMs, type Waiting } from "./waiting.ts";
import { DecisionWriter, type DecisionWriterOptions, mayHaveWritten, type Step } from "./write.ts";

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
  #holds = false;
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
   * Whether a binding to another node must wait until this one was carried out, or has failed: it would change what this
   * one leads to. So it is where an image was written, or may have been, or is right for this node and would be another
   * for another. Whatever else comes of a review holds nobody: anybody could keep a Pod from its node with it.
   */
  get holds(): boolean {
    return this.#holds;
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
    const proof = { keys: this.#options.context.noteKeys(), namespace: this.#binding.namespace, copied: false };
    const reviewed = reviewPod(pod, { proof });
    if (!isMeantNow(reviewed.options, this.#options.labelledOnly)) return { outcome: "skipped" };
    const tooLarge = oversize(pod);
    if (tooLarge !== undefined) {
      if (!this.#dryRun) this.#options.events.tooLarge(pod, this.#binding.node, tooLarge);
      return { outcome: "too-many-images" };
    }
    const decision = await decideBinding(reviewed, this.#binding, this.#options, this.#signal);
    if (decision === undefined) return { outcome: "unknown-node" };
    if (decision.operations.length === 0) return this.#leave(decision);
    if (this.#dryRun) return { outcome: "dry-run" };
    if (this.#isHeldElsewhere(decision)) return { again: await this.#waitForOther() };
    return await this.#write(decision);
  }

  async #write(decision: BindingDecision): Promise<Step> {
    this.#signal.throwIfAborted();
    try {
      const step = await this.#writer.write(decision, this.#binding, ++this.#writes, this.#signal);
      this.#holds = "outcome" in step && step.outcome !== "stale" && step.outcome !== "refused" && holdsAny(decision);
      return step;
    } catch (error) {
      this.#holds = decision.changes && (this.#signal.aborted || mayHaveWritten(error));
      throw error;
    }
  }

  #leave(decision: BindingDecision): Step {
    const { reviewed, reselections } = decision;
    this.#holds = holdsAny(decision);
    if (!this.#dryRun) this.#options.events.surprises(reviewed.pod, this.#binding, reselections);
    return { outcome: leftOutcome(reselections) };
  }

  /** By another replica, whose binding to another node may be under way; a note alone harms nobody. */
  #isHeldElsewhere({ reviewed, changes }: BindingDecision): boolean {
    const mayWait = changes && this.#waitedMs < heldMs;
    return mayWait && isHeldByNote(reviewed.claims, this.#binding.node, this.#options.now());
  }

  async #waitForOther(): Promise<Pod | undefined> {
    const ms = Math.min(firstLookMs + this.#waitedMs, lastLookMs, heldMs - this.#waitedMs);
    const pod = await this.#options.waiting.lookAgain(this.#binding, ms, this.#signal);
    this.#waitedMs += ms;
    return pod;
  }
}

function holdsAny({ reselections, changes }: BindingDecision): boolean {
  return changes || reselections.some(({ chosen }) => chosen === true);
}
