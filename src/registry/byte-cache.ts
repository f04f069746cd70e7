import { LRUCache } from "lru-cache";

/** Bytes of one entry beside the text of its key and what its value holds: rows of the cache, small objects, headers. */
const entryBytes = 448;

/** The same text in memory of its own: a part that was cut out of a text keeps all of that. */
export function ownText(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

/**
 * Keeps what was used last, by key, in at most `maxBytes`: keys are names that strangers choose, so their number alone bounds
 * nothing. `sizeOf` is what a value holds beyond a few numbers, in bytes.
 */
export function byteCache<V extends object>(
  maxBytes: number,
  sizeOf: (value: V) => number = () => 0,
): LRUCache<string, V> {
  return new LRUCache({
    maxSize: maxBytes,
    sizeCalculation: (value, key) => entryBytes + key.length + sizeOf(value),
  });
}
