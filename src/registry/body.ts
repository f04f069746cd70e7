import type { Readable } from "node:stream";

/** The first bytes of a body, at most so many; the stream is ended in every case. For errors' and redirects' bodies. */
export async function readStart(body: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a response body must be read as bytes");
    chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return Buffer.concat(chunks);
}
