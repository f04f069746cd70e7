/** Milliseconds kept back for the answer's way to the API server: at least these, and a tenth of what it waits. */
const reserveMs = 250;
/** The least that a review gets, ms, however short the API server's timeout is. */
const shortestMs = 100;
/** Taken where the API server does not say how long it waits, ms: half of its default, to be in time in any case. */
const defaultMs = 5_000;
/** The longest `timeoutSeconds` that a webhook configuration may have (admissionregistration.k8s.io/v1), ms. */
const longestMs = 30_000;
/** Handlers end by themselves when their time is over. One that does not is given up this much later, ms. */
const lateMs = 50;

/** The two ends of a review's time, in milliseconds from its last byte. */
export interface ReviewTime {
  /** After this the handler's signal aborts: it answers with what it has. */
  readonly workMs: number;
  /** After this the object is admitted without the handler's answer. */
  readonly answerMs: number;
}

/**
 * Says for each route how long a review may take; nothing else does. The API server sends its own timeout as
 * `?timeout=5s` (apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go). The answer must arrive inside it, or the
 * object is admitted without one. `routeMs` is the route's own limit, also where the API server would wait longer.
 */
export function timeForReview(timeout: unknown, routeMs = longestMs): ReviewTime {
  const sent = typeof timeout === "string" ? parseGoDuration(timeout) : undefined;
  const total = Math.min(sent ?? defaultMs, longestMs);
  const usableMs = Math.max(shortestMs, total - Math.max(reserveMs, total * 0.1));
  return { workMs: Math.max(shortestMs, Math.min(routeMs, usableMs)), answerMs: usableMs + lateMs };
}

/** Go's time.Duration text (`1m30s`, `2.5s`, `500ms`) in milliseconds; undefined where it is none or not positive. */
function parseGoDuration(text: string): number | undefined {
  if (text.length > 32 || !/^(\d+(\.\d+)?(h|m|s|ms))+$/.test(text)) return undefined;
  const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  let total = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|h|m|s)/g)) {
    total += Number(number) * (unitMs[unit ?? ""] ?? 0);
  }
  return total > 0 ? total : undefined;
}
