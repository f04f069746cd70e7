import type { Credentials } from "../access/authentication.ts";
import type { KubernetesError } from "../error.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How often one call is sent again because the server asked us to wait (priority and fairness answers 429). */
const maxRetries = 5;

/** Whether one call is sent again, and when. */
export class Attempts {
  readonly #method: Method;
  readonly #random: () => number;
  #refused: string | undefined;
  #hadReset = false;
  #retries = 0;

  /** @param random draws from [0, 1) */
  constructor(method: Method, random: () => number) {
    this.#method = method;
    this.#random = random;
  }

  /** Whether the server refused these very credentials: a second try would be refused too. */
  wereRefused(credentials: Credentials): boolean {
    return this.#refused === JSON.stringify(credentials);
  }

  /** Notes an answer 401. @returns whether newer credentials are worth a try: once */
  mayRenew(credentials: Credentials): boolean {
    if (this.#refused !== undefined) return false;
    this.#refused = JSON.stringify(credentials);
    return true;
  }

  /** The server may close a kept connection at the moment we send; a read is simply sent again, once. */
  mayResend(error: unknown): boolean {
    if (this.#method !== "GET" || this.#hadReset || !wasReset(error)) return false;
    this.#hadReset = true;
    return true;
  }

  /** @returns how long to wait before the next try, ms; undefined where there is none */
  waitAfter(answer: KubernetesError, remainingMs: number): number | undefined {
    const wait = retryWait(this.#method, answer, this.#random);
    if (wait === undefined || wait >= remainingMs || this.#retries >= maxRetries) return undefined;
    this.#retries++;
    return wait;
  }
}

/** The code of an error of Node or undici, e.g. `ECONNRESET`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function wasReset(error: unknown): boolean {
  const code = errorCode(error);
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

/**
 * How long to wait before sending again, or undefined where sending again is not safe or not asked for. A write that
 * was answered 429 was not begun (API priority and fairness rejects before the handler); after a 5xx it may have been.
 */
function retryWait(method: Method, answer: KubernetesError, random: () => number): number | undefined {
  if (answer.retryAfterMs === undefined || answer.status === undefined) return undefined;
  if (answer.status !== 429 && !(answer.status >= 500 && method === "GET")) return undefined;
  // Everybody was told the same second: spread the return over a tenth more, at least 100 ms.
  return answer.retryAfterMs + random() * Math.max(100, answer.retryAfterMs / 10);
}
