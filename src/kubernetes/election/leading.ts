import type { Clock } from "../../time/clock.ts";
import { TimeError } from "../../time/error.ts";
import { abortError, isKubernetesError, KubernetesError } from "../error.ts";

interface Leading {
  /** Ends leading from outside. */
  readonly signal: AbortSignal;
  readonly onLeading: (signal: AbortSignal) => Promise<void>;
  /** Renews until leadership is lost (why) or it is told to stop (undefined). */
  readonly renew: (stop: AbortSignal) => Promise<KubernetesError | undefined>;
  readonly stopMs: number;
  readonly clock: Clock;
}

/**
 * Runs the leader's work beside the renewals, one term. Renewing goes on while the work winds down, so that nobody
 * else leads before it has stopped.
 * @throws what the work throws, save the abort that it was given; KubernetesError TIMEOUT when it does not stop
 */
export async function lead(leading: Leading): Promise<{ readonly lost: KubernetesError | undefined }> {
  const { signal, onLeading, renew, stopMs, clock } = leading;
  const term = new AbortController();
  const stop = new AbortController();
  const late = Promise.withResolvers<never>();
  let cancel = (): void => undefined;
  const end = (reason: KubernetesError): void => {
    if (term.signal.aborted) return;
    term.abort(reason);
    cancel = clock.after(stopMs, () => {
      const message = `the leader's work did not stop within ${stopMs / 1_000} s after it had to`;
      late.reject(new KubernetesError("TIMEOUT", message, { cause: reason }));
    });
  };
  const onOuter = (): void => end(abortError(signal, "leading"));
  if (signal.aborted) onOuter();
  else signal.addEventListener("abort", onOuter, { once: true });

  const renewing = renew(stop.signal).then((lost) => {
    if (lost !== undefined) end(lost);
    return lost;
  });
  try {
    // A renewal that fails in a way nobody foresaw must not leave the work running unrenewed.
    const broken = renewing.then(() => late.promise);
    await Promise.race([onLeading(term.signal), late.promise, broken]);
  } catch (error) {
    const told = term.signal.aborted && (error === term.signal.reason || isAbort(error));
    if (!told) {
      term.abort(error);
      throw error;
    }
  } finally {
    cancel();
    signal.removeEventListener("abort", onOuter);
    stop.abort();
    // Nobody waits for it any more where the work ended in time.
    late.promise.catch(() => undefined);
  }
  return { lost: await renewing };
}

function isAbort(error: unknown): boolean {
  if (isKubernetesError(error, "ABORTED", "CLOSED") || (error instanceof TimeError && error.code === "ABORTED"))
    return true;
  return error instanceof Error && error.name === "AbortError";
}
