import { createHash, type Hash } from "node:crypto";
import { parseDigest } from "../oci/digest.ts";
import { RegistryError } from "./error.ts";
import { mismatch } from "./manifests.ts";

/** The content that a body has to be. */
export interface Expected {
  /** Undefined for a part of a blob, which no digest names. */
  readonly digest: string | undefined;
  /** Bytes; undefined where nobody said. */
  readonly size: number | undefined;
}

/** Compares a body that passes by with what it has to be. */
export class ContentCheck {
  readonly #expected: Expected;
  readonly #what: string;
  readonly #hash: Hash | undefined;
  #size = 0;

  /** `what` begins the messages. */
  constructor(expected: Expected, what: string) {
    this.#expected = expected;
    this.#what = what;
    this.#hash = expected.digest === undefined ? undefined : createHash(parseDigest(expected.digest).algorithm);
  }

  /** @throws RegistryError DIGEST_MISMATCH, INVALID as soon as the body is too long */
  add(bytes: Uint8Array): void {
    this.#size += bytes.length;
    this.#hash?.update(bytes);
    if (this.#size > (this.#expected.size ?? Number.POSITIVE_INFINITY)) throw this.#wrongSize();
  }

  /** @throws RegistryError DIGEST_MISMATCH; INVALID for a part of another length than its `Content-Range` says */
  finish(): void {
    const { digest, size } = this.#expected;
    if (size !== undefined && this.#size !== size) throw this.#wrongSize();
    if (digest !== undefined && this.#hash?.digest("hex") !== parseDigest(digest).hex) throw mismatch(this.#what);
  }

  #wrongSize(): RegistryError {
    if (this.#expected.digest !== undefined) return mismatch(this.#what);
    return new RegistryError("INVALID", `${this.#what}: sent another number of bytes than its Content-Range says`);
  }
}
