import { Refusal } from "./answer.ts";

/** Counts the requests of each credential that are under way, and refuses those beyond a bound. */
export class UnderWay {
  readonly #most: () => number;
  readonly #counts = new Map<string, number>();

  /** @param most requests of one credential at once, at this moment */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** Takes a place; the function returned gives it back. @throws Refusal 429 where there is none */
  enter(name: string): () => void {
    const count = this.#counts.get(name) ?? 0;
    if (count >= this.#most()) {
      throw new Refusal(429, "TOOMANYREQUESTS", "too many requests of these credentials at once", {
        "retry-after": "1",
      });
    }
    this.#counts.set(name, count + 1);
    return () => {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left === 0) this.#counts.delete(name);
      else this.#counts.set(name, left);
    };
  }
}
