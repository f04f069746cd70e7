import { setTimeout as delay } from "node:timers/promises";
import { ClusterError, describeError } from "./error.ts";
import { logTail, type Started } from "./run.ts";

export interface WaitOptions {
  /** What is waited for, as the subject of a sentence: `the API server`. */
  readonly what: string;
  /** Undefined when it is ready, else why not yet. A thrown error counts as not ready. */
  readonly check: (signal: AbortSignal) => Promise<string | undefined>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** When this process ends, waiting is over. */
  readonly process?: Started;
  readonly everyMs?: number;
}

/** One check may hang on a half-open connection. */
const checkMs = 5_000;

/**
 * Waits until a check passes.
 *
 * @throws ClusterError `START` when the process ends first, `TIMEOUT` when it takes too long; both with the log's end.
 */
export async function waitUntil(options: WaitOptions): Promise<void> {
  const { what, check, timeoutMs, signal, everyMs = 50 } = options;
  const deadline = Date.now() + timeoutMs;
  let how: string | undefined;
  void options.process?.ended.then((end) => {
    how = end;
  });
  for (;;) {
    signal.throwIfAborted();
    const log = options.process === undefined ? "" : logTail(options.process.record.log);
    if (how !== undefined) throw new ClusterError("START", `${what} ended before it was ready: ${how}${log}`);
    const reason = await check(AbortSignal.any([signal, AbortSignal.timeout(checkMs)])).catch(describeError);
    if (reason === undefined) return;
    if (Date.now() >= deadline)
      throw new ClusterError("TIMEOUT", `${what} was not ready within ${timeoutMs / 1000} s: ${reason}${log}`);
    await delay(everyMs, undefined, { signal });
  }
}
