export interface BreakerLimits {
  /** Failures in a row after which something is no longer asked. */
  readonly failures: number;
  /** Milliseconds for which it is left alone the first time; doubles up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/**
 * Failures in a row. After too many it is open for a time, then lets one attempt through (half-open), and is open for
 * longer where that fails too. All times in milliseconds.
 */
export class Breaker {
  readonly #limits: BreakerLimits;
  #failures = 0;
  #openMs = 0;
  #openUntil = 0;
  #probing = false;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The time for which nothing may be tried; 0 while the one attempt runs; undefined where it may be tried now. */
  closedFor(now: number): number | undefined {
    if (this.#failures < this.#limits.failures) return undefined;
    return this.#openUntil > now || this.#probing ? Math.max(this.#openUntil - now, 0) : undefined;
  }

  /** Begins an attempt that may be made now. True where it is the one that decides. */
  begin(): boolean {
    this.#probing = this.#failures >= this.#limits.failures;
    return this.#probing;
  }

  /** The deciding attempt said nothing: the next one decides. */
  release(): void {
    this.#probing = false;
  }

  /** The deciding attempt has an answer that may take long: others may try meanwhile, and one failure more opens it. */
  answered(): void {
    this.#probing = false;
    this.#failures = this.#limits.failures - 1;
  }

  fail(now: number): void {
    this.#failures += 1;
    this.#probing = false;
    if (this.#failures >= this.#limits.failures) this.#open(now);
  }

  /** Opens it, however few failures were counted. */
  trip(now: number): void {
    this.#failures = Math.max(this.#failures, this.#limits.failures);
    this.#probing = false;
    this.#open(now);
  }

  #open(now: number): void {
    if (this.#openUntil > now) return;
    const { openMs, maxOpenMs } = this.#limits;
    this.#openMs = this.#openMs === 0 ? openMs : Math.min(this.#openMs * 2, maxOpenMs);
    this.#openUntil = now + this.#openMs;
  }
}
