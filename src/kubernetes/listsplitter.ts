import { ByteBuffer } from "./bytebuffer.ts";
import { KubernetesError } from "./errors.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/** What stands around the items: kind, apiVersion and metadata with its continue token. */
const MAX_FRAME_BYTES = 1_048_576;

/**
 * Cuts the JSON of a Kubernetes list into its items while it arrives, so that a page is never whole in memory: with
 * 5,000 nodes of 20 kB that keeps some 100 MiB away from the process. It only finds where an item begins and ends;
 * JSON.parse reads it.
 */
export class ListSplitter {
  readonly #item: ByteBuffer;
  readonly #frame = new ByteBuffer(MAX_FRAME_BYTES, "what stands around a list's items");
  #within: "frame" | "items" | "item" = "frame";
  /** Open braces and brackets, of the frame or of the item. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #done = false;

  constructor(maxItemBytes: number) {
    this.#item = new ByteBuffer(maxItemBytes, "an item of a list");
  }

  /** The items that end in this chunk, as JSON. @throws KubernetesError TOO_LARGE, MALFORMED */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (this.#within === "items") {
        if (byte === OPEN_BRACE) {
          this.#within = "item";
          this.#depth = 1;
          start = at;
        } else if (byte === CLOSE_BRACKET) {
          this.#within = "frame";
          this.#depth = 1;
          start = at;
        } else if (byte > 0x20 && byte !== COMMA) {
          throw new KubernetesError("MALFORMED", "a list holds something that is no object");
        }
        continue;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++;
        if (byte !== OPEN_BRACKET || this.#within !== "frame" || this.#depth !== 2 || this.#done) continue;
        // The bracket stays in the frame, and its closing one will: what is left parses as an empty list.
        this.#frame.add(chunk.subarray(start, at + 1));
        start = at + 1;
        if (!/"items"\s*:\s*\[$/.test(this.#frame.text())) continue;
        this.#within = "items";
        this.#done = true;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--;
        if (this.#depth > 0 || this.#within !== "item") continue;
        this.#item.add(chunk.subarray(start, at + 1));
        yield this.#item.take();
        this.#within = "items";
      }
    }
    if (this.#within !== "items") (this.#within === "item" ? this.#item : this.#frame).add(chunk.subarray(start));
  }

  /** The list without its items, as JSON; whether it is whole is for JSON.parse to say. */
  finish(): string {
    return this.#within === "frame" ? this.#frame.take() : "";
  }
}
