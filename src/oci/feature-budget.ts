import { OciError } from "./error.ts";

/**
 * Features of one index that are read, in all entries together, those that are inherited counted for each entry. The
 * largest in use have some hundred; what reading and comparing them costs grows with this.
 */
const maxTexts = 16_384;

/** Bounds what an index costs before its features are parsed. */
export class FeatureBudget {
  #left = maxTexts;

  /** @throws OciError TOO_MANY_FEATURES */
  take(count: number, place: string): void {
    this.#left -= count;
    if (this.#left >= 0) return;
    throw new OciError("TOO_MANY_FEATURES", `the index names more than ${maxTexts} features in all`, { place });
  }
}
