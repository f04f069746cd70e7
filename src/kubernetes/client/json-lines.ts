import { ByteBuffer } from "./byte-buffer.ts";

const newline = 0x0a;

/**
 * Cuts a byte stream into lines. It cuts bytes, not characters: no byte of a multi-byte UTF-8 sequence is a newline,
 * so a chunk may end anywhere.
 */
export class LineSplitter {
  readonly #line: ByteBuffer;

  constructor(maxBytes: number) {
    this.#line = new ByteBuffer(maxBytes, "a line of a watch");
  }

  /** Bytes of a line that has not ended yet. */
  get pending(): number {
    return this.#line.size;
  }

  /** The lines that end in this chunk, empty ones left out. @throws KubernetesError TOO_LARGE */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#line.add(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#line.take().trim();
      if (line !== "") yield line;
    }
    if (start < chunk.length) this.#line.add(chunk.subarray(start));
  }
}
