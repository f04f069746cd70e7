/** When a request is sent once more after an answer that may be the trouble of a moment. */
export interface RepeatRules {
  /** Shortest pause before it, ms; the longest is three times that, so that many do not come back at once. */
  readonly afterMs: number;
  /** Longest pause that is waited where the answer asks for one, ms: an admission's time is short. */
  readonly mostMs: number;
}

/**
 * Answers after which containerd and crane ask again (containerd core/remotes/docker/resolver.go, go-containerregistry
 * pkg/v1/remote/options.go); 501 and 505 to 599 will be the same the second time.
 */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Milliseconds to wait before the request is sent once more; undefined where it is not. `retryAfterMs`: how long the host
 * is to be left alone. `chance`: 0 to 1.
 */
export function pauseBeforeRepeat(
  { status, retryAfterMs = 0 }: { readonly status: number; readonly retryAfterMs: number | undefined },
  rules: RepeatRules | undefined,
  chance: number,
): number | undefined {
  if (rules === undefined || !passing.has(status) || retryAfterMs > rules.mostMs) return undefined;
  return retryAfterMs + rules.afterMs * (1 + 2 * chance);
}
