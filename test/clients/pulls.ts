/**
 * Bytes that `metahub proxy` may have resident, whatever passes through it: some 100 MiB when it has nothing to do, and
 * buffers that wait to be collected: docs/decisions/0054-collected-early.md.
 */
export const mostMemory = 150 * 1_048_576;

/** Reads a body to its end and keeps nothing of it. */
export async function countBytes(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  return bytes;
}
