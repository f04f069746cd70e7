import { LRUCache } from "lru-cache";
import { RegistryError } from "./error.ts";

type Answer<T> = { readonly expires: number } & ({ readonly value: T } | { readonly error: RegistryError });

/** Codes that a registry itself answers and will answer again in the next seconds; none that concerns us or the network. */
const lasting: ReadonlySet<string> = new Set([
  "DENIED",
  "DIGEST_MISMATCH",
  "INVALID",
  "NOT_FOUND",
  "TLS",
  "TOO_LARGE",
  "UNAUTHORIZED",
  "UNSUPPORTED",
]);

/**
 * Answers that are believed for a time, refusals too (for a shorter one). Never beyond it: a tag whose registry is down
 * is not answered from memory, since a stale digest is a build that nobody may have meant any more.
 */
export class Answers<T> {
  readonly #answers: LRUCache<string, Answer<T>>;
  readonly #now: () => number;
  readonly #negativeTtlMs: number;

  constructor(options: { readonly max: number; readonly negativeTtlMs: number; readonly now: () => number }) {
    this.#answers = new LRUCache({ max: options.max });
    this.#now = options.now;
    this.#negativeTtlMs = options.negativeTtlMs;
  }

  /** Undefined where nothing is known. @throws RegistryError the one that is remembered */
  get(key: string): T | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    if (answer.expires <= this.#now()) {
      this.#answers.delete(key);
      return undefined;
    }
    if ("error" in answer) throw answer.error;
    return answer.value;
  }

  put(key: string, value: T, ttlMs: number): void {
    this.#answers.set(key, { value, expires: this.#now() + ttlMs });
  }

  forget(key: string): void {
    this.#answers.delete(key);
  }

  /** Does the work, and remembers how it ended where that says something about the next time. */
  async remember(key: string, ttlMs: number, work: () => Promise<T>): Promise<T> {
    try {
      const value = await work();
      this.put(key, value, ttlMs);
      return value;
    } catch (error) {
      if (error instanceof RegistryError && lasting.has(error.code)) {
        this.#answers.set(key, { error, expires: this.#now() + this.#negativeTtlMs });
      }
      throw error;
    }
  }
}
