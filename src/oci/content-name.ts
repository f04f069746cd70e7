import type { Descriptor } from "./descriptor.ts";
import { parseDigest } from "./digest.ts";
import { OciError, type OciErrorCode } from "./error.ts";
import { at, requiredSize, requiredString } from "./fields.ts";
import type { JsonObject } from "./json.ts";

/** Codes of what is no content that can be fetched and verified here, in an index that runtimes read all the same. */
const unnamed: ReadonlySet<OciErrorCode> = new Set<OciErrorCode>([
  "DIGEST_INVALID",
  "DIGEST_UNSUPPORTED",
  "MISSING_FIELD",
]);

/** The digest and size of a descriptor, or why there is no such content. @throws OciError for a field of the wrong type */
export function readContentName(object: JsonObject, place: string): Omit<Descriptor, "mediaType"> | OciError {
  try {
    const digest = requiredString(object, "digest", place);
    const size = requiredSize(object, "size", place);
    parseDigest(digest, at(place, "digest"));
    return { digest, size };
  } catch (error) {
    if (error instanceof OciError && unnamed.has(error.code)) return error;
    throw error;
  }
}
