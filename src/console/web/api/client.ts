import { problemIn, unreachable } from "./problem.ts";
import { untouchedSeconds } from "./touched.ts";

const root = "/api/v1";
/** Answers that are remembered by their ETag: a page of nodes is up to 200 kB. */
const mostRemembered = 48;

interface Remembered {
  readonly etag: string;
  readonly value: unknown;
}

/** Speaks with the console's API. The session is in a cookie that no script can read. */
export class Api {
  readonly #remembered = new Map<string, Remembered>();
  #csrf = "";
  #user = "";

  /** Called where an answer says that nobody is signed in any more. */
  onSignedOut: () => void = () => undefined;

  /** Forgets all where somebody else is signed in now. */
  use(csrf: string, user: string): void {
    if (user !== this.#user) this.#remembered.clear();
    this.#csrf = csrf;
    this.#user = user;
  }

  /**
   * Reads by an ETag: an answer that has not changed is the same object as before.
   *
   * @throws ProblemError where the answer is none, or not 2xx
   */
  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const before = this.#remembered.get(path);
    const headers = before === undefined ? {} : { "if-none-match": before.etag };
    const response = await this.#fetch(path, { headers, signal: signal ?? null });
    if (response.status === 304 && before !== undefined) return before.value as T;
    const value: T = await response.json();
    const etag = response.headers.get("etag");
    if (etag !== null) this.#remember(path, { etag, value });
    return value;
  }

  /** @throws ProblemError likewise */
  async send<T = void>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown, signal?: AbortSignal) {
    const response = await this.#fetch(path, {
      method,
      headers: {
        "x-metahub-csrf": this.#csrf,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ?? null,
    });
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      const headers = { ...init.headers, "x-metahub-untouched": String(untouchedSeconds()) };
      response = await fetch(`${root}${path}`, { ...init, headers, credentials: "same-origin", redirect: "error" });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw unreachable();
    }
    if (response.ok || response.status === 304) return response;
    if (response.status === 401 && path !== "/session") this.onSignedOut();
    throw await problemIn(response);
  }

  #remember(path: string, answer: Remembered): void {
    this.#remembered.delete(path);
    this.#remembered.set(path, answer);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > mostRemembered && oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** A path with its query; what is undefined or empty is left out. */
export function pathWith(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}
