import { notesOf } from "../rewriting/notes/read.ts";
import type { Clock } from "../time/clock.ts";
import { PodHeldError } from "./error.ts";
import { Holds, isHeldByNote } from "./hold.ts";
import type { BindingOutcome } from "./outcome.ts";
import type { BindingPods } from "./pods.ts";
import type { BindingRequest } from "./request.ts";
import { isOver } from "./subject.ts";
import { firstLookMs, type Waiting } from "./waiting.ts";

export interface BindingTurnsOptions {
  readonly pods: Pick<BindingPods, "known">;
  readonly waiting: Waiting;
  readonly clock: Clock;
  readonly now: () => Date;
}

/** A review, and whether its binding keeps the Pod once it is answered. */
export interface HoldingReview {
  run(): Promise<BindingOutcome>;
  readonly holds: boolean;
}

/** One node at a time for each Pod, of the bindings that this process is asked about. */
export class BindingTurns {
  readonly #options: BindingTurnsOptions;
  readonly #holds: Holds;

  constructor(options: BindingTurnsOptions) {
    this.#options = options;
    this.#holds = new Holds(() => options.clock.now());
  }

  /**
   * Reviews the binding when no other one has the Pod. It has the Pod for a while longer where another one would change
   * what this one leads to.
   *
   * @throws PodHeldError where another one has it, here or at another replica, and this one cannot wait for its end.
   */
  async run(binding: BindingRequest, signal: AbortSignal, review: HoldingReview): Promise<BindingOutcome> {
    const { pods, waiting } = this.#options;
    const { namespace, pod, node } = binding;
    const key = binding.uid ?? pods.known(namespace, pod)?.metadata.uid ?? `${namespace}/${pod}`;
    for (let look = 1; !this.#holds.take(key, node); look++) {
      const found = await waiting.lookAgain(binding, look * firstLookMs, signal);
      if (found === undefined || isOver(binding, found)) return "stale";
    }
    let refused = false;
    try {
      return await review.run();
    } catch (error) {
      refused = error instanceof PodHeldError || this.#isHeldElsewhere(binding);
      throw refused && !(error instanceof PodHeldError)
        ? new PodHeldError("another replica has it", { cause: error })
        : error;
    } finally {
      this.#holds.giveBack(key, review.holds && !refused);
    }
  }

  /** By the watch's word: there may be no time to ask. */
  #isHeldElsewhere({ namespace, pod, node }: BindingRequest): boolean {
    const known = this.#options.pods.known(namespace, pod);
    return known !== undefined && isHeldByNote(notesOf(known), node, this.#options.now());
  }
}
