import { Refused } from "../http/problems.ts";

/** Counts what each person has under way, and refuses what is more than their share. */
export class Places {
  readonly #most: number;
  readonly #what: string;
  readonly #counts = new Map<string, number>();

  /** @param what for people: `open pages` */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Takes a place; the function returned gives it back, once. @throws Refused 429 where there is none */
  enter(name: string): () => void {
    const count = this.#counts.get(name) ?? 0;
    if (count >= this.#most) {
      const detail = `You have ${count} ${this.#what} at once, which is as many as one person may.`;
      throw new Refused({ status: 429, title: "Too many at once", detail }, { "retry-after": "1" });
    }
    this.#counts.set(name, count + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const now = (this.#counts.get(name) ?? 1) - 1;
      if (now === 0) this.#counts.delete(name);
      else this.#counts.set(name, now);
    };
  }
}
