import { computeDigest, parseDigest } from "./digest.ts";
import { OciError } from "./error.ts";

/** The fields of an OCI content descriptor that MetaHub reads. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hexadecimal digits (or `sha512:` and 128). */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** The descriptor of content at hand. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: computeDigest(bytes), size: bytes.length };
}

/**
 * Does nothing where the bytes are what the descriptor says: size first, as it is the cheaper question.
 * @throws OciError SIZE_MISMATCH, DIGEST_MISMATCH
 */
export function verifyDescriptor(bytes: Uint8Array, descriptor: Descriptor): void {
  if (bytes.length !== descriptor.size) {
    const message = `${descriptor.digest} has ${bytes.length} bytes, its descriptor says ${descriptor.size}`;
    throw new OciError("SIZE_MISMATCH", message);
  }
  const actual = computeDigest(bytes, parseDigest(descriptor.digest).algorithm);
  if (actual !== descriptor.digest) {
    const message = `content has digest ${actual}, its descriptor says ${descriptor.digest}`;
    throw new OciError("DIGEST_MISMATCH", message);
  }
}
