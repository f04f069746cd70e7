/** Bounds of an exponential back-off with full jitter. */
export interface BackoffBounds {
  /** Shortest wait, ms: keeps a lucky draw from becoming a busy loop. */
  readonly minMs: number;
  /** The first wait is drawn from 0…baseMs, ms; doubles with every failure. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential back-off with full jitter: each wait is drawn evenly from 0 to the doubled bound, so that replicas that
 * lost the API server at the same moment do not return at the same moment.
 */
export class Backoff {
  readonly #bounds: BackoffBounds;
  readonly #random: () => number;
  #failures = 0;

  /** @param random draws from [0, 1) */
  constructor(bounds: BackoffBounds, random: () => number) {
    this.#bounds = bounds;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The next wait in ms; each call counts as one more failure. */
  next(): number {
    const { minMs, baseMs, maxMs } = this.#bounds;
    // 2^31 is beyond every sensible maxMs and keeps the power finite.
    const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 31));
    this.#failures++;
    return Math.min(maxMs, Math.max(minMs, this.#random() * ceiling));
  }

  reset(): void {
    this.#failures = 0;
  }
}
