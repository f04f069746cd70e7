import { endOf } from "./error.ts";

/** Time, handed in so that tests move it by hand. */
export interface Clock {
  /** Monotonic milliseconds: only differences mean something. */
  now(): number;
  /** Wall time, for timestamps that are written into objects; never compared with another machine's. */
  wall(): Date;
  /** Calls once after `ms`; the returned function cancels. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Waits. @throws TimeError ABORTED or TIMEOUT, or the error that the signal was ended with, when that ends first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(endOf(signal, "waiting"));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(endOf(signal, "waiting"));
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Waits for a promise that cannot be cancelled itself, no longer than the signal lives. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(endOf(signal, what));
      // The value is not wanted any more; its failure is the signal's doing or shown to whoever else waits for it.
      promise.catch(() => undefined);
      return;
    }
    const onAbort = (): void => reject(endOf(signal, what));
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
