import { onAbort } from "../time/on-abort.ts";
import type { RegistryError } from "./error.ts";

/** The caller's signal, the client's end and one running time limit, as one signal. */
export class HopClock {
  readonly #controller = new AbortController();
  readonly #takeBacks: readonly (() => void)[];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings, and when the limit is over, ms of the monotonic clock. */
  #ringsAt = 0;
  #overAt = 0;
  #error: (() => RegistryError) | undefined;

  constructor(...sources: readonly AbortSignal[]) {
    const forward = (source: AbortSignal) => () => this.#controller.abort(source.reason);
    for (const source of sources) if (source.aborted) forward(source)();
    this.#takeBacks = sources.map((source) => onAbort(source, forward(source)));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Replaces the limit before it. A later one costs no new timer: it is set for each piece of a body, twice. */
  limit(ms: number, error: () => RegistryError): void {
    this.#overAt = performance.now() + ms;
    this.#error = error;
    if (this.#timer === undefined || this.#ringsAt > this.#overAt) this.#ring(ms);
  }

  #ring(ms: number): void {
    clearTimeout(this.#timer);
    this.#ringsAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const leftMs = this.#overAt - performance.now();
      // Timers ring up to a millisecond too early.
      if (leftMs >= 1) this.#ring(leftMs);
      else this.#controller.abort(this.#error?.());
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const takeBack of this.#takeBacks) takeBack();
  }
}
