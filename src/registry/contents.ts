import type { Descriptor } from "../oci/descriptor.ts";
import { byteCache } from "./byte-cache.ts";

/** A manifest or an index with its bytes, which were verified against the digest. */
export interface Manifest extends Descriptor {
  readonly bytes: Uint8Array;
}

/** Content that an access was served before. */
export interface Held {
  readonly manifest: Manifest;
  /** Whether its registry is to be asked again, before anything else, if this access still may have it. */
  readonly due: boolean;
}

/** When, in milliseconds since the epoch, an access was last known to be let in, and when that is asked again. */
interface Grant {
  readonly mediaType: string;
  readonly verifiedAt: number;
  readonly dueAt: number;
}

/** Bytes for what each access may read. */
const maxGrantBytes = 8 * 1024 * 1024;
/** An hour, less the minute in which a token may still be shown that was bought before the right was taken. */
export const grantMs = 3_540_000;
/** A registry that gives no answer to the question is asked again after this, and not by every admission. */
const retryMs = 60_000;
/** Longest that a right is believed while its registry is away: a day. */
const maxUnverifiedMs = 86_400_000;

/**
 * Verified content by digest, bounded in bytes. The content behind a digest never changes, so the bytes are kept once;
 * who may read them is kept apart: an access (credentials and repository) gets only what it has itself been served
 * once, and is believed for an hour at a time. The media type belongs to the grant, because the digest does not cover
 * it: a registry that serves the same bytes under another type must not change what others see.
 */
export class Contents {
  readonly #bytes;
  readonly #grants = byteCache<Grant>(maxGrantBytes);
  readonly #now: () => number;

  constructor(maxBytes: number, now: () => number) {
    this.#bytes = byteCache<Uint8Array>(maxBytes, (bytes) => bytes.length);
    this.#now = now;
  }

  get(access: string, digest: string): Held | undefined {
    const grant = this.#grants.get(`${access} ${digest}`);
    const bytes = this.#bytes.get(digest);
    if (grant === undefined || bytes === undefined) return undefined;
    const manifest = { mediaType: grant.mediaType, digest, size: bytes.length, bytes };
    return { manifest, due: grant.dueAt <= this.#now() };
  }

  /** The caller has verified the bytes. */
  put(access: string, { digest, mediaType, bytes }: Manifest): void {
    this.#grant(`${access} ${digest}`, mediaType);
    // A copy: what came from the network may be a small part of a buffer that it would keep.
    if (!this.#bytes.has(digest)) this.#bytes.set(digest, new Uint8Array(bytes));
  }

  /** The registry showed it to this access just now. */
  renew(access: string, digest: string): void {
    const key = `${access} ${digest}`;
    const grant = this.#grants.get(key);
    if (grant !== undefined) this.#grant(key, grant.mediaType);
  }

  /** The registry did not answer. Whether the content may still be used: for a day, and asked for again each minute. */
  extend(access: string, digest: string): boolean {
    const key = `${access} ${digest}`;
    const grant = this.#grants.get(key);
    if (grant === undefined || this.#now() - grant.verifiedAt > maxUnverifiedMs) return false;
    this.#grants.set(key, { ...grant, dueAt: this.#now() + retryMs });
    return true;
  }

  /** The registry did not show it to this access. */
  revoke(access: string, digest: string): void {
    this.#grants.delete(`${access} ${digest}`);
  }

  #grant(key: string, mediaType: string): void {
    this.#grants.set(key, { mediaType, verifiedAt: this.#now(), dueAt: this.#now() + grantMs });
  }
}
