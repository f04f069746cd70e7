import type { Readable } from "node:stream";

interface BodyLimit {
  readonly maxBytes: number;
  /** `refuse`: a longer body is an error. `cut`: what fits is enough (bodies of errors and redirects). */
  readonly beyond: "refuse" | "cut";
}

/** Undefined where the body is longer than `refuse` allows. The stream is ended in every case. */
export async function readBody(body: Readable, limit: BodyLimit): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a response body must be read as bytes");
    size += chunk.length;
    if (size > limit.maxBytes) {
      if (limit.beyond === "refuse") return undefined;
      chunks.push(chunk.subarray(0, limit.maxBytes - (size - chunk.length)));
      break;
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
