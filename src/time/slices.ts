import { endOf } from "./error.ts";

/** How long one turn of the event loop is held, ms: each step of what others wait for costs them so much at most. */
const sliceMs = 4;
/** Turns in a row without a slice, while somebody wants them: some tens of microseconds each where little is to be done. */
const mostWaysGiven = 64;

interface Task {
  /** Goes on until `until`. Whether it has ended. */
  run(until: number): boolean;
}

/**
 * Shares the event loop between long pieces of work, each of them in steps: all together hold it no longer than a slice
 * at a time, and take turns, so that a short one never waits for a long one to end. Work that fits the slice ends
 * at once, without waiting.
 */
export class Slices {
  readonly #waiting: Task[] = [];
  readonly #sliceMs: number;
  #wayGiven = false;
  #waysGiven = 0;
  /** When the slice of this turn of the event loop ends; undefined where none was begun. */
  #until: number | undefined;

  constructor(ms = sliceMs) {
    this.#sliceMs = ms;
  }

  /** @throws TimeError, or what the signal was ended with, where it ends first; and whatever the work throws */
  run<T>(steps: Iterator<void, T, void>, signal: AbortSignal, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const task: Task = {
        run: (until) => {
          try {
            const end = advance(steps, until, signal, what);
            if (end === undefined) return false;
            resolve(end.value);
          } catch (error) {
            reject(error);
          }
          return true;
        },
      };
      const until = this.#begin();
      if (this.#waiting.length > 0 || performance.now() >= until || !task.run(until)) this.#waiting.push(task);
    });
  }

  /**
   * Lets the event loop turn once without a slice: for what is done once a turn, such as taking a connection (libuv takes
   * one from a port in each), or else strangers who connect would be as slow as the slices, and everybody behind them.
   */
  giveWay(): void {
    this.#wayGiven = true;
  }

  /** The end of the slice of this turn; the next turn begins another. */
  #begin(): number {
    if (this.#until === undefined) {
      this.#until = performance.now() + this.#sliceMs;
      setImmediate(() => this.#turn());
    }
    return this.#until;
  }

  #turn(): void {
    if (this.#wayGiven && this.#waysGiven < mostWaysGiven && this.#waiting.length > 0) {
      this.#wayGiven = false;
      this.#waysGiven += 1;
      setImmediate(() => this.#turn());
      return;
    }
    this.#waysGiven = 0;
    this.#until = undefined;
    if (this.#waiting.length === 0) return;
    const until = this.#begin();
    // Each gets its share of the slice; who has waited longest is first, also in the next.
    const share = this.#sliceMs / Math.min(this.#waiting.length, 4);
    while (performance.now() < until) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      if (!task.run(Math.min(until, performance.now() + share))) this.#waiting.push(task);
    }
  }
}

/** Undefined where the work goes on after `until`. An ended signal is looked at between slices: a short work is done. */
function advance<T>(
  steps: Iterator<void, T, void>,
  until: number,
  signal: AbortSignal,
  what: string,
): IteratorReturnResult<T> | undefined {
  do {
    const step = steps.next();
    if (step.done === true) return step;
  } while (performance.now() < until);
  if (signal.aborted) throw endOf(signal, what);
  return undefined;
}

/** The process has one event loop. */
export const eventLoop = new Slices();
