import { KubernetesError } from "../error.ts";
import { ByteBuffer } from "./byte-buffer.ts";

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;

/** Cap on what stands around the items, bytes: kind, apiVersion and metadata with its continue token. */
const maxFrameBytes = 1_048_576;

/**
 * Cuts the JSON of a Kubernetes list into its items while it arrives, so that a page is never whole in memory: with
 * 5,000 nodes of 20 kB that keeps some 100 MiB away from the process. It only finds where an item begins and ends;
 * JSON.parse reads it.
 */
export class ListSplitter {
  readonly #item: ByteBuffer;
  readonly #maxItemBytes: number;
  readonly #onPassedOver: ((bytes: number) => void) | undefined;
  /** Bytes so far of an item that is too large to be kept; 0 where it is none. */
  #passing = 0;
  readonly #frame = new ByteBuffer(maxFrameBytes, "what stands around a list's items");
  #within: "frame" | "items" | "item" = "frame";
  /** Open braces and brackets, of the frame or of the item. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #done = false;

  /** @param onPassedOver told of an item that is too large, which is left out; without it such an item is an error */
  constructor(maxItemBytes: number, onPassedOver?: (bytes: number) => void) {
    this.#maxItemBytes = maxItemBytes;
    this.#onPassedOver = onPassedOver;
    this.#item = new ByteBuffer(maxItemBytes, "an item of a list");
  }

  /** The items that end in this chunk, as JSON. @throws KubernetesError TOO_LARGE, MALFORMED */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one state machine over each byte of a list of 100 MB; parted, its states would be calls
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
        continue;
      }
      if (this.#within === "items") {
        if (byte === openBrace) {
          this.#within = "item";
          this.#depth = 1;
          start = at;
        } else if (byte === closeBracket) {
          this.#within = "frame";
          this.#depth = 1;
          start = at;
        } else if (byte > 0x20 && byte !== comma) {
          throw new KubernetesError("MALFORMED", "a list holds something that is no object");
        }
        continue;
      }
      if (byte === quote) this.#inString = true;
      else if (byte === openBrace || byte === openBracket) {
        this.#depth++;
        if (byte !== openBracket || this.#within !== "frame" || this.#depth !== 2 || this.#done) continue;
        // The bracket stays in the frame, and its closing one will: what is left parses as an empty list.
        this.#frame.add(chunk.subarray(start, at + 1));
        start = at + 1;
        if (!/"items"\s*:\s*\[$/.test(this.#frame.text())) continue;
        this.#within = "items";
        this.#done = true;
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth--;
        if (this.#depth > 0 || this.#within !== "item") continue;
        this.#add(chunk.subarray(start, at + 1));
        if (this.#passing === 0) yield this.#item.take();
        else this.#passOver();
        this.#within = "items";
      }
    }
    if (this.#within === "item") this.#add(chunk.subarray(start));
    else if (this.#within === "frame") this.#frame.add(chunk.subarray(start));
  }

  /** Adds to the item. */
  #add(part: Buffer): void {
    if (this.#passing > 0) {
      this.#passing += part.length;
    } else if (this.#onPassedOver !== undefined && this.#item.size + part.length > this.#maxItemBytes) {
      this.#passing = this.#item.size + part.length;
      this.#item.take();
    } else this.#item.add(part);
  }

  #passOver(): void {
    this.#onPassedOver?.(this.#passing);
    this.#passing = 0;
  }

  /** The list without its items, as JSON; whether it is whole is for JSON.parse to say. */
  finish(): string {
    return this.#within === "frame" ? this.#frame.take() : "";
  }
}
