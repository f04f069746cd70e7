import type { Descriptor } from "../oci/descriptor.ts";
import { computeDigest, isDigest, verifyDigest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { acceptManifests, documentKind } from "../oci/media-types.ts";
import { ownText } from "./byte-cache.ts";
import type { Manifest } from "./contents.ts";
import { RegistryError, statusError } from "./error.ts";
import type { HttpResponse } from "./message.ts";

/** The headers that manifests are asked for with. */
export const manifestHeaders: Readonly<Record<string, string>> = { accept: acceptManifests.join(", ") };

/** Statuses with which registries that do not know HEAD for manifests answer it. */
const headUnknown: ReadonlySet<number> = new Set([400, 405, 406, 501]);

/**
 * The descriptor that the answer to a HEAD gives, or undefined where only a GET can tell: HEAD unknown, or without a digest
 * (distribution-spec, "Checking if content exists": the header is a SHOULD).
 * @throws RegistryError
 */
export function readHead(response: HttpResponse, what: string, asked: string | undefined): Descriptor | undefined {
  if (headUnknown.has(response.status)) return undefined;
  if (response.status !== 200) throw statusError(what, response);
  const digest = response.header("docker-content-digest") ?? asked;
  const length = response.header("content-length");
  if (digest === undefined || length === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  const mediaType = readMediaType(response, what);
  if (!isDigest(digest)) throw new RegistryError("INVALID", `${what}: the digest it answered is none`);
  if (asked !== undefined && digest !== asked) throw mismatch(what);
  return { mediaType, digest, size: Number(length) };
}

/**
 * The manifest in the answer to a GET, verified by the digest asked for, or else by the one that it claims.
 * @throws RegistryError
 */
export function readManifest(response: HttpResponse, what: string, asked: string | undefined): Manifest {
  if (response.status !== 200) throw statusError(what, response);
  const mediaType = readMediaType(response, what);
  const bytes = response.body;
  const claimed = response.header("docker-content-digest");
  const expected = asked ?? (claimed !== undefined && isDigest(claimed) ? claimed : computeDigest(bytes));
  verify(bytes, expected, what);
  return { mediaType, digest: expected, size: bytes.length, bytes };
}

/** @throws RegistryError DIGEST_MISMATCH where the bytes are not what the digest names */
function verify(bytes: Uint8Array, digest: string, what: string): void {
  try {
    verifyDigest(bytes, digest);
  } catch (error) {
    if (error instanceof OciError) throw mismatch(what, error);
    throw error;
  }
}

/** The type decides how the bytes are read and is therefore taken from the header alone (GHSA-77vh-xpmg-72qh). */
function readMediaType(response: HttpResponse, what: string): string {
  const header = response.header("content-type") ?? "";
  if (documentKind(header) !== "other") return ownText(header.replace(/;.*$/, "").trim().toLowerCase());
  if (header.startsWith("application/vnd.")) {
    throw new RegistryError("UNSUPPORTED", `${what}: is neither an image manifest nor an image index`);
  }
  throw new RegistryError("INVALID", `${what}: answered with a content type that no manifest has; is this a registry?`);
}

/** The error for content that is not what its digest names. */
export function mismatch(what: string, cause?: unknown): RegistryError {
  return new RegistryError(
    "DIGEST_MISMATCH",
    `${what}: the content does not have the digest that names it; it was changed on the way, or the registry is wrong`,
    { cause },
  );
}
