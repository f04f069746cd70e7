import { createHash } from "node:crypto";
import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";

/** Registered algorithms that node:crypto can verify, with the length of their hexadecimal form (image-spec, descriptor.md). */
const hexLength = new Map([
  ["sha256", 64],
  ["sha512", 128],
]);

// The grammar of image-spec, descriptor.md: components of the algorithm joined by one of `+._-`.
const grammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const lowerHex = /^[0-9a-f]+$/;
/** Longer than any registered digest; keeps regular expressions and messages short. */
const maxLength = 256;

export interface Digest {
  readonly algorithm: "sha256" | "sha512";
  readonly hex: string;
}

/**
 * Reads `sha256:<64 hex>` or `sha512:<128 hex>`, hexadecimal in lower case as the specification demands.
 * @throws OciError DIGEST_INVALID, DIGEST_UNSUPPORTED
 */
export function parseDigest(text: string, place?: string): Digest {
  const where = place === undefined ? {} : { place };
  if (text.length > maxLength || !grammar.test(text)) {
    throw new OciError(
      "DIGEST_INVALID",
      `${excerpt(text)} is not a digest; write sha256:<64 hexadecimal digits>`,
      where,
    );
  }
  const colon = text.indexOf(":");
  const algorithm = text.slice(0, colon);
  const hex = text.slice(colon + 1);
  const length = hexLength.get(algorithm);
  if (length === undefined || (algorithm !== "sha256" && algorithm !== "sha512")) {
    const message = `digest algorithm ${excerpt(algorithm)} is not supported; sha256 and sha512 are`;
    throw new OciError("DIGEST_UNSUPPORTED", message, where);
  }
  if (hex.length !== length || !lowerHex.test(hex)) {
    const message = `${excerpt(text)} is not a ${algorithm} digest: after the colon come ${length} lower-case hexadecimal digits`;
    throw new OciError("DIGEST_INVALID", message, where);
  }
  return { algorithm, hex };
}

/** True where `text` is a digest that can be verified. */
export function isDigest(text: string): boolean {
  const colon = text.indexOf(":");
  const length = hexLength.get(text.slice(0, Math.max(colon, 0)));
  return length !== undefined && text.length === colon + 1 + length && lowerHex.test(text.slice(colon + 1));
}

/** The digest of the bytes, `sha256:…` unless another algorithm is asked for. */
export function computeDigest(bytes: Uint8Array, algorithm: Digest["algorithm"] = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

/**
 * Does nothing where the bytes have that digest.
 * @throws OciError DIGEST_MISMATCH, DIGEST_INVALID, DIGEST_UNSUPPORTED
 */
export function verifyDigest(bytes: Uint8Array, expected: string): void {
  const { algorithm } = parseDigest(expected);
  const actual = computeDigest(bytes, algorithm);
  if (actual !== expected) {
    const message = `content has digest ${actual} (${bytes.length} bytes), asked for ${expected}; it was changed on the way or the registry is wrong`;
    throw new OciError("DIGEST_MISMATCH", message);
  }
}
