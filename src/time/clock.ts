import { endOf } from "./error.ts";
import { onAbort } from "./on-abort.ts";

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
export function pause(clock: Pick<Clock, "after">, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(endOf(signal, "waiting"));
      return;
    }
    const cancel = clock.after(ms, () => {
      takeBack();
      resolve();
    });
    const takeBack = onAbort(signal, () => {
      cancel();
      reject(endOf(signal, "waiting"));
    });
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
    const takeBack = onAbort(signal, () => reject(endOf(signal, what)));
    promise.then(resolve, reject).finally(takeBack);
  });
}
