import type { Clock } from "./clock.ts";
import { endOf, TimeError } from "./error.ts";
import { onAbort } from "./on-abort.ts";

/**
 * A signal that ends with an outer signal or when time is up, whichever is first. Its reason is always an
 * error of a room: a TimeError of this one, or what the outer signal was ended with. `end()` must be called, or timer and listener stay.
 *
 * Not `AbortSignal.any`: signals made per request from one that lives as long as the process are freed only by the
 * garbage collector, and the clock is the caller's.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #what: string;
  #takeBack: () => void = () => undefined;
  #cancel: () => void = () => undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, outer: AbortSignal, what: string, ms: number) {
    this.#clock = clock;
    this.#what = what;
    const onOuter = (): void => this.#controller.abort(endOf(outer, what));
    if (outer.aborted) onOuter();
    else {
      this.#takeBack = onAbort(outer, onOuter);
      this.restart(ms);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds until time is up. */
  get remaining(): number {
    return this.#due - this.#clock.now();
  }

  /** Counts anew from now. `why` says what is missed when time runs out. */
  restart(ms: number, why = `no answer within ${ms / 1_000} s`): void {
    this.#cancel();
    if (this.signal.aborted) return;
    this.#due = this.#clock.now() + ms;
    this.#cancel = this.#clock.after(ms, () => {
      this.#controller.abort(new TimeError("TIMEOUT", `${this.#what}: ${why}`));
    });
  }

  /** Ends the signal early, e.g. to give a connection up. */
  abort(error: Error): void {
    this.#cancel();
    this.#controller.abort(error);
  }

  end(): void {
    this.#cancel();
    this.#takeBack();
  }
}
