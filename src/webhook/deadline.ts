/** Milliseconds kept back for the answer's way to the API server. */
const reserveMs = 250;
const shortestMs = 100;
const defaultMs = 5_000;
const longestMs = 30_000;

/**
 * How long a review may take. The API server sends its own timeout as `?timeout=5s`
 * (apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go); the answer must arrive inside it, or the Pod is
 * admitted without one. Returns milliseconds.
 */
export function timeForReview(timeout: unknown, configuredMs = longestMs): number {
  const sent = typeof timeout === "string" ? parseGoDuration(timeout) : undefined;
  const total = Math.min(sent ?? defaultMs, longestMs);
  return Math.max(shortestMs, Math.min(configuredMs, total - Math.max(reserveMs, total * 0.1)));
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
