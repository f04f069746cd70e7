import type { Clock } from "../time/clock.ts";

/** Between two looks, ms: with the time that a change takes to be read, a revocation counts within a second. */
const lookMs = 250;

interface Review {
  readonly counts: () => boolean;
  readonly end: () => void;
}

/** Looks again and again whether answers that are under way may go on. One timer, and none while there are none. */
export class Reviews {
  readonly #clock: Clock;
  readonly #reviews = new Set<Review>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `end` is called once where it counts no more. The function returned ends the looking. */
  add(counts: () => boolean, end: () => void): () => void {
    const review = { counts, end };
    this.#reviews.add(review);
    this.#cancel ??= this.#clock.after(lookMs, () => this.#look());
    return () => {
      this.#reviews.delete(review);
      if (this.#reviews.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  #look(): void {
    this.#cancel = this.#clock.after(lookMs, () => this.#look());
    for (const review of [...this.#reviews]) {
      if (review.counts()) continue;
      this.#reviews.delete(review);
      review.end();
    }
  }
}
