import { LRUCache } from "lru-cache";
import type { Descriptor } from "../oci/descriptor.ts";

/** A manifest or an index with its bytes, which were verified against the digest. */
export interface Manifest extends Descriptor {
  readonly bytes: Uint8Array;
}

/** A few hundred bytes each. */
const maxGrants = 20_000;

/**
 * Verified content by digest, for good (bounded in bytes). The content behind a digest never changes, so the bytes are kept
 * once; who may read them is kept apart: an access (credentials and repository) gets only what it has itself been
 * served once. The media type belongs to the grant, because the digest does not cover it: a registry that serves the
 * same bytes under another type must not change what others see.
 */
export class Contents {
  readonly #bytes: LRUCache<string, Uint8Array>;
  readonly #grants = new LRUCache<string, string>({ max: maxGrants });

  constructor(maxBytes: number) {
    this.#bytes = new LRUCache({ maxSize: maxBytes, sizeCalculation: (bytes) => bytes.length + 256 });
  }

  get(access: string, digest: string): Manifest | undefined {
    const mediaType = this.#grants.get(`${access} ${digest}`);
    const bytes = this.#bytes.get(digest);
    if (mediaType === undefined || bytes === undefined) return undefined;
    return { mediaType, digest, size: bytes.length, bytes };
  }

  /** The caller has verified the bytes. */
  put(access: string, manifest: Manifest): void {
    this.#grants.set(`${access} ${manifest.digest}`, manifest.mediaType);
    if (!this.#bytes.has(manifest.digest)) this.#bytes.set(manifest.digest, manifest.bytes);
  }
}
