import type { Clock } from "../../src/time/clock.ts";

interface Timer {
  readonly due: number;
  readonly ms: number;
  readonly call: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #watchers = new Set<() => void>();
  #now = 1_000_000;
  readonly #start = Date.UTC(2026, 0, 1) - 1_000_000;

  now(): number {
    return this.#now;
  }

  wall(): Date {
    return new Date(this.#start + this.#now);
  }

  after(ms: number, call: () => void): () => void {
    const timer = { due: this.#now + ms, ms, call };
    this.#timers.add(timer);
    for (const watcher of [...this.#watchers]) watcher();
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How long each running timer was set for, shortest first. */
  get waits(): readonly number[] {
    return [...this.#timers].map(({ ms }) => ms).sort((a, b) => a - b);
  }

  /** Moves on and calls what comes due, in order; lets promises settle between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      this.#timers.delete(next);
      next.call();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Resolves once a timer is set that fits; at once where one is. */
  timer(fits: (ms: number) => boolean): Promise<void> {
    if (this.waits.some(fits)) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!this.waits.some(fits)) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.due <= end && timer.due < (first?.due ?? Infinity)) first = timer;
    return first;
  }
}

/** Lets everything that is ready run: promises, and callbacks of the event loop's current turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
