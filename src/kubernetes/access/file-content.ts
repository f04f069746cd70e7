import { readFile } from "node:fs/promises";
import type { Clock } from "../../time/clock.ts";
import { errorText, KubernetesError } from "../error.ts";

/** client-go reads token files again after a minute at most (transport/token_source.go). */
const maxAgeMs = 60_000;
const maxBytes = 1_048_576;

/** A small file that others replace while we run: service account tokens, certificates, CAs. */
export class FileContent {
  readonly path: string;
  readonly #clock: Clock;
  #text: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
  }

  /** @throws KubernetesError CONFIG when it cannot be read and no earlier content is known. */
  async read(signal: AbortSignal): Promise<string> {
    if (this.#text !== undefined && this.#clock.now() - this.#readAt < maxAgeMs) return this.#text;
    try {
      const text = (await readFile(this.path, { encoding: "utf8", signal })).trim();
      if (text === "" || text.length > maxBytes) throw new Error(text === "" ? "it is empty" : "it is over 1 MiB");
      this.#text = text;
      this.#readAt = this.#clock.now();
    } catch (cause) {
      // A replacement may be under way; what we have is good until the server says otherwise (invalidate).
      if (this.#text === undefined || signal.aborted) {
        throw new KubernetesError("CONFIG", `${this.path} cannot be read: ${errorText(cause)}`, { cause });
      }
    }
    return this.#text;
  }

  /** The next read goes to the file. */
  invalidate(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}
