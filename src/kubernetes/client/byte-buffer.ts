import { KubernetesError } from "../error.ts";

/** Gathers the pieces of a text that arrives in chunks, up to a bound. */
export class ByteBuffer {
  readonly #maxBytes: number;
  readonly #what: string;
  #parts: Buffer[] = [];
  #size = 0;

  /** @param what names the text in the error when it is too long. */
  constructor(maxBytes: number, what: string) {
    this.#maxBytes = maxBytes;
    this.#what = what;
  }

  get size(): number {
    return this.#size;
  }

  /** @throws KubernetesError TOO_LARGE */
  add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) {
      throw new KubernetesError("TOO_LARGE", `${this.#what} is longer than ${this.#maxBytes} bytes`);
    }
    if (part.length > 0) this.#parts.push(part);
  }

  /** The text so far. */
  text(): string {
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts, this.#size);
    return bytes.toString("utf8");
  }

  /** The text so far; the buffer begins anew. */
  take(): string {
    const text = this.text();
    this.#parts = [];
    this.#size = 0;
    return text;
  }
}
