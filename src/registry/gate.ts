import { RegistryError } from "./error.ts";

export interface GateLimits {
  readonly perHost: number;
  readonly total: number;
  /** Requests that may wait for a place; one more is refused. */
  readonly queue: number;
}

interface Waiter {
  readonly host: string;
  readonly start: () => void;
}

/** Bounds how many requests are under way, per host and in total, so that one slow registry cannot take every place. */
export class Gate {
  readonly #limits: GateLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiter[] = [];
  #total = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a place; the function returned gives it back, and may be called once or more. `name` is for messages.
   * @throws RegistryError OVERLOADED where too many wait; the signal's reason where it aborts
   */
  async enter(host: string, signal: AbortSignal, name: string): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free(host)) return this.#take(host);
    if (this.#waiting.length >= this.#limits.queue) {
      throw new RegistryError("OVERLOADED", `${name}: ${this.#limits.queue} requests already wait; retry later`);
    }
    return await new Promise((resolve, reject) => {
      const waiter: Waiter = {
        host,
        start: () => {
          signal.removeEventListener("abort", abort);
          resolve(this.#take(host));
        },
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #free(host: string): boolean {
    return this.#total < this.#limits.total && (this.#running.get(host) ?? 0) < this.#limits.perHost;
  }

  #take(host: string): () => void {
    this.#total += 1;
    this.#running.set(host, (this.#running.get(host) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#leave(host);
    };
  }

  #leave(host: string): void {
    this.#total -= 1;
    const left = (this.#running.get(host) ?? 1) - 1;
    if (left === 0) this.#running.delete(host);
    else this.#running.set(host, left);
    const next = this.#waiting.findIndex((waiter) => this.#free(waiter.host));
    if (next !== -1) this.#waiting.splice(next, 1)[0]?.start();
  }
}
