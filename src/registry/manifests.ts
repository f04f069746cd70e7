import type { Descriptor } from "../oci/descriptor.ts";
import { computeDigest, isDigest, verifyDigest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { acceptManifests, documentKind } from "../oci/media-types.ts";
import { ownText } from "./byte-cache.ts";
import type { Manifest } from "./contents.ts";
import { RegistryError, statusError } from "./error.ts";
import { type HttpResponse, isPacked } from "./message.ts";

/** The headers that manifests are asked for with. */
export const manifestHeaders: Readonly<Record<string, string>> = { accept: acceptManifests.join(", ") };

/** Statuses that say nothing of how HEAD is known: the registry is asked too often, or has trouble of its own. */
const headTrouble: ReadonlySet<number> = new Set([408, 429]);

/**
 * The descriptor that the answer to a HEAD gives, or undefined where only a GET can tell. Registries and what stands
 * before them answer HEAD with 401, 403, 404, 405 or 501 for what a GET finds, leave out the type or the digest
 * (distribution-spec, "Checking if content exists": the header is a SHOULD), say another, or pack an empty body.
 * @throws RegistryError for 408, 429 and 5xx but 501
 */
export function readHead(response: HttpResponse, what: string, asked: string | undefined): Descriptor | undefined {
  const { status } = response;
  if (status !== 200) {
    if (headTrouble.has(status) || (status >= 500 && status !== 501)) throw statusError(what, response);
    return undefined;
  }
  if (isPacked(response)) return undefined;
  const digest = response.header("docker-content-digest") ?? asked;
  const length = response.header("content-length");
  if (digest === undefined || length === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  const mediaType = mediaTypeOf(response);
  if (mediaType === undefined || !isDigest(digest) || (asked !== undefined && digest !== asked)) return undefined;
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
  const mediaType = mediaTypeOf(response);
  if (mediaType !== undefined) return mediaType;
  const header = response.header("content-type") ?? "";
  if (header.startsWith("application/vnd.")) {
    throw new RegistryError("UNSUPPORTED", `${what}: is neither an image manifest nor an image index`);
  }
  throw new RegistryError("INVALID", `${what}: answered with a content type that no manifest has; is this a registry?`);
}

/** Undefined where it is neither a manifest's nor an index's. */
function mediaTypeOf(response: HttpResponse): string | undefined {
  const header = response.header("content-type") ?? "";
  return documentKind(header) === "other" ? undefined : ownText(header.replace(/;.*$/, "").trim().toLowerCase());
}

/** The error for content that is not what its digest names. */
export function mismatch(what: string, cause?: unknown): RegistryError {
  return new RegistryError(
    "DIGEST_MISMATCH",
    `${what}: the content does not have the digest that names it; it was changed on the way, or the registry is wrong`,
    { cause },
  );
}
