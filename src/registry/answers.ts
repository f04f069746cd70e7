import { byteCache } from "./byte-cache.ts";
import { RegistryError } from "./error.ts";

type Answer<T> = { readonly expires: number } & ({ readonly value: T } | { readonly error: Refusal });

/** An error without its stack and its cause, which may hold on to a whole connection. */
type Refusal = Pick<RegistryError, "code" | "message" | "status">;

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

export interface AnswersOptions<T> {
  readonly maxBytes: number;
  /** Bytes of an answer. */
  readonly sizeOf: (value: T) => number;
  readonly negativeTtlMs: number;
  readonly now: () => number;
}

/**
 * Answers that are believed for a time, refusals too (for a shorter one). Never beyond it: a tag whose registry is down
 * is not answered from memory, since a stale digest is a build that nobody may have meant any more.
 */
export class Answers<T> {
  readonly #answers;
  readonly #now: () => number;
  readonly #negativeTtlMs: number;

  constructor({ maxBytes, sizeOf, negativeTtlMs, now }: AnswersOptions<T>) {
    this.#answers = byteCache<Answer<T>>(maxBytes, (answer) =>
      "error" in answer ? answer.error.message.length : sizeOf(answer.value),
    );
    this.#now = now;
    this.#negativeTtlMs = negativeTtlMs;
  }

  /** Undefined where nothing is known. @throws RegistryError as the one that is remembered */
  get(key: string): T | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    if (answer.expires <= this.#now()) {
      this.#answers.delete(key);
      return undefined;
    }
    if (!("error" in answer)) return answer.value;
    const { code, message, status } = answer.error;
    throw new RegistryError(code, message, status === undefined ? {} : { status });
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
        const { code, message, status } = error;
        this.#answers.set(key, { error: { code, message, status }, expires: this.#now() + this.#negativeTtlMs });
      }
      throw error;
    }
  }
}
