import { onAbort } from "../time/on-abort.ts";
import { RegistryError } from "./error.ts";

interface Flight<T> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  waiters: number;
}

/**
 * One piece of work per key, however many ask for it. A waiter that gives up leaves the others alone; when the last one
 * gives up, the work is aborted and forgotten, so that whoever asks next starts afresh.
 */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Bounded by its callers: each entry has at least one waiter. */
  get size(): number {
    return this.#flights.size;
  }

  /** @throws RegistryError ABORTED where the waiter's signal aborts, or what the work throws */
  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) throw aborted(signal);
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiters += 1;
    let takeBack: (() => void) | undefined;
    try {
      return await Promise.race([
        flight.result,
        new Promise<never>((_, reject) => {
          takeBack = onAbort(signal, () => reject(aborted(signal)));
        }),
      ]);
    } finally {
      takeBack?.();
      flight.waiters -= 1;
      if (flight.waiters === 0 && this.#flights.get(key) === flight) {
        this.#flights.delete(key);
        flight.controller.abort(signal.aborted ? signal.reason : undefined);
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const result = work(controller.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    // Its waiters see the failure; with none left it was aborted by them and nobody wants to know.
    result.catch(() => undefined);
    const flight: Flight<T> = { controller, result, waiters: 0 };
    this.#flights.set(key, flight);
    return flight;
  }
}

/** The error for a caller that gave up; its reason is the cause. */
export function aborted(signal: AbortSignal): RegistryError {
  if (signal.reason instanceof RegistryError) return signal.reason;
  return new RegistryError("ABORTED", "the registry did not answer before the caller's time was over", {
    cause: signal.reason,
  });
}
