import { LRUCache } from "lru-cache";
import { ConsoleError } from "../../error.ts";

/** Questions that one person may ask at once, and how fast they come back, ms for each. */
const burst = 20;
const refillMs = 1_000;
/** People whose rate is remembered: more than sign in. Whoever falls out has been quiet longest. */
const mostPeople = 10_000;

/** How often each person may have registries asked. */
export class Rates {
  readonly #now: () => number;
  readonly #left = new LRUCache<string, { readonly questions: number; readonly at: number }>({ max: mostPeople });

  /** @param now milliseconds, from any moment on */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes one question of a person. @throws ConsoleError 429 where none is left */
  take(person: string): void {
    const now = this.#now();
    const before = this.#left.get(person);
    const questions = before === undefined ? burst : Math.min(burst, before.questions + (now - before.at) / refillMs);
    if (questions < 1) {
      const seconds = Math.ceil(((1 - questions) * refillMs) / 1_000);
      throw new ConsoleError({
        status: 429,
        title: "Too many questions",
        detail: `Registries are asked for you at most ${burst} times in a row. Try again in ${seconds} s.`,
      });
    }
    this.#left.set(person, { questions: questions - 1, at: now });
  }
}
