import { type Reference, withDigest, withTagAndDigest } from "../oci/reference.ts";
import type { Variant } from "../oci/variant.ts";

/** `digest`: `name@sha256:…`. `tagAndDigest` keeps what the owner wrote: `name:tag@sha256:…`. */
export type ImageForm = "digest" | "tagAndDigest";

/**
 * The reference of a build that was chosen for what was asked. A build of another repository is named there, by its digest
 * alone: the tag that was asked for is none of that repository's.
 */
export function buildReference(asked: Reference, { digest, name }: Variant, form: ImageForm): string {
  if (name !== undefined) return withDigest({ ...asked, name }, digest);
  return form === "digest" ? withDigest(asked, digest) : withTagAndDigest(asked, digest);
}
