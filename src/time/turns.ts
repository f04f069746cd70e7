import { onAbort } from "./on-abort.ts";

/** Bounds how much is done at once. Those that wait take their turns in order, or leave when their signal aborts. */
export class Turns {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Rejects with the signal's reason where it aborts before the turn comes. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#taken < this.#max) this.#taken++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // The turn passes on without being given back, so that nobody who comes just now takes it.
      if (next === undefined) this.#taken--;
      else next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.#waiting.delete(begin);
        takeBack();
        resolve();
      };
      const takeBack = onAbort(signal, () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      });
      this.#waiting.add(begin);
    });
  }
}
