import { KubernetesError } from "./errors.ts";

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines. It cuts bytes, not characters: no byte of a multi-byte UTF-8 sequence is a newline,
 * so a chunk may end anywhere.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a line that has not ended yet. */
  get pending(): number {
    return this.#size;
  }

  /** The lines that end in this chunk, empty ones left out. @throws KubernetesError TOO_LARGE */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(this.#parts, this.#size).toString("utf8").trim();
      this.#parts = [];
      this.#size = 0;
      if (line !== "") yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) {
      throw new KubernetesError("TOO_LARGE", `a line of a watch is longer than ${this.#maxBytes} bytes`);
    }
    if (part.length > 0) this.#parts.push(part);
  }
}
