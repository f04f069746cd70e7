import type { Platform } from "../hardware/platform.ts";
import type { Descriptor } from "./descriptor.ts";
import { asObject, optionalObject, optionalString } from "./fields.ts";
import { parseJsonInSteps } from "./json.ts";
import { ociIndex } from "./media-types.ts";
import type { Steps } from "./steps.ts";

/**
 * An index with one image as its only entry, which says what the image's own manifest says in its annotations. So one
 * image is read by the rules of all others. Without a platform its configuration has to say it.
 * @throws OciError where the manifest is no JSON object, or its annotations are none
 */
export function* singleIndexInSteps(
  { mediaType, digest, size }: Descriptor,
  manifest: Uint8Array,
  platform: Platform | undefined,
): Steps<Uint8Array> {
  const root = asObject(yield* parseJsonInSteps(manifest), "document");
  const annotations = optionalObject(root, "annotations", "");
  const artifactType = optionalString(root, "artifactType", "");
  const entry = {
    mediaType,
    digest,
    size,
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform: written(platform) }),
  };
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }));
}

function written({ osVersion, ...platform }: Platform): object {
  return osVersion === undefined ? platform : { ...platform, "os.version": osVersion };
}
