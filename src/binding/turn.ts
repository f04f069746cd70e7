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

/** One node at a time for each Pod, of the bindings that this process is asked about. */
export class BindingTurns {
  readonly #options: BindingTurnsOptions;
  readonly #holds: Holds;

  constructor(options: BindingTurnsOptions) {
    this.#options = options;
    this.#holds = new Holds(() => options.clock.now());
  }

  /**
   * Reviews the binding when no other one has the Pod.
   *
   * @throws PodHeldError where another one has it, here or at another replica, and this one cannot wait for its end.
   */
  async run(
    binding: BindingRequest,
    signal: AbortSignal,
    review: () => Promise<BindingOutcome>,
  ): Promise<BindingOutcome> {
    const { pods, waiting } = this.#options;
    const { namespace, pod, node } = binding;
    const key = binding.uid ?? pods.known(namespace, pod)?.metadata.uid ?? `${namespace}/${pod}`;
    for (let look = 1; !this.#holds.take(key, node); look++) {
      const found = await waiting.lookAgain(binding, look * firstLookMs, signal);
      if (found === undefined || isOver(binding, found)) return "stale";
    }
    // A binding that is refused, or left to its owner, comes to nothing that another one must wait for.
    let over = false;
    try {
      const outcome = await review();
      over = outcome === "stale" || outcome === "skipped";
      return outcome;
    } catch (error) {
      over = error instanceof PodHeldError || this.#isHeldElsewhere(binding);
      throw over && !(error instanceof PodHeldError)
        ? new PodHeldError("another replica has it", { cause: error })
        : error;
    } finally {
      this.#holds.giveBack(key, over);
    }
  }

  /** By the watch's word: there may be no time to ask. */
  #isHeldElsewhere({ namespace, pod, node }: BindingRequest): boolean {
    const known = this.#options.pods.known(namespace, pod);
    return known !== undefined && isHeldByNote(notesOf(known), node, this.#options.now());
  }
}
