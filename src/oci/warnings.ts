import { shorten } from "../text/shorten.ts";

/** Enough to explain an index to its publisher; a hostile one must not fill a terminal. */
const maxWarnings = 32;
const maxLength = 300;

/** Sentences for people, bounded in number and length, without repetition. */
export class Warnings {
  readonly #sentences = new Set<string>();
  #dropped = 0;

  add(sentence: string): void {
    const short = shorten(sentence, maxLength);
    if (this.#sentences.has(short)) {
      return;
    }
    if (this.#sentences.size < maxWarnings) {
      this.#sentences.add(short);
    } else {
      this.#dropped += 1;
    }
  }

  list(): readonly string[] {
    const list = [...this.#sentences];
    return this.#dropped === 0 ? list : [...list, `${this.#dropped} more warnings are not shown.`];
  }
}
