import { formatPlatform, normalizePlatform, type Platform } from "../hardware/platform.ts";
import type { Registries } from "../images/registries.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OciError } from "../oci/error.ts";
import { asObject, optionalObject, optionalString, requiredString } from "../oci/fields.ts";
import { readIndex } from "../oci/flatten.ts";
import { parseJson } from "../oci/json.ts";
import { documentKind } from "../oci/media-types.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { platformRequirement } from "../oci/requirement.ts";
import { UsageError } from "../process/failure.ts";
import type { Manifest } from "../registry/contents.ts";
import { sibling } from "./read.ts";

/** One build that a tag names, as an index may list it. */
export interface Build {
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  readonly bytes: Uint8Array;
}

/**
 * The builds under a tag: the image itself, with the platform that its configuration states, or the images of the
 * index that is there, as BuildKit leaves one with every image. @throws UsageError, RegistryError, OciError
 */
export async function buildsOf(reference: Reference, registries: Registries): Promise<readonly Build[]> {
  const shown = formatReference(reference);
  const document = await registries.manifest(reference);
  if (documentKind(document.mediaType) === "manifest") {
    const { bytes, ...descriptor } = document;
    return [{ descriptor, bytes, platform: await platformOf(reference, document, registries) }];
  }
  const index = readIndex(document.bytes);
  if (!index.complete) throw new UsageError(`${shown}: is an index with indexes in it; name their images one by one`);
  if (index.variants.length === 0) throw new UsageError(`${shown}: is an index without an image in it`);
  return await Promise.all(
    index.variants.map(async ({ digest, mediaType, size, platform, requires }) => {
      if (requires.length > platformRequirement(platform).length) {
        throw new UsageError(`${shown}: is an index whose builds carry features already; see metahub index annotate`);
      }
      const { bytes } = await registries.manifest(sibling(reference, digest));
      return { descriptor: { mediaType, digest, size }, platform, bytes };
    }),
  );
}

/** The build for the platform that is wanted, among several under one tag. @throws UsageError */
export function buildFor(builds: readonly Build[], platform: Platform, shown: string): Build {
  const wanted = formatPlatform(platform);
  const [only] = builds;
  const found =
    builds.find((build) => formatPlatform(build.platform) === wanted) ?? (builds.length === 1 ? only : undefined);
  if (found !== undefined) return found;
  const there = builds.map((build) => formatPlatform(build.platform)).join(", ");
  throw new UsageError(`${shown}: has no build for ${wanted}; there is ${there}`);
}

async function platformOf(reference: Reference, manifest: Manifest, registries: Registries): Promise<Platform> {
  try {
    const config = optionalObject(asObject(parseJson(manifest.bytes), "manifest"), "config", "");
    const digest = config === undefined ? "" : requiredString(config, "digest", "config");
    const document = asObject(parseJson(await registries.blob(sibling(reference, manifest.digest), digest)), "config");
    const variant = optionalString(document, "variant", "config");
    const osVersion = optionalString(document, "os.version", "config");
    return normalizePlatform({
      os: optionalString(document, "os", "config") || "linux",
      architecture: requiredString(document, "architecture", "config"),
      ...(variant === undefined || variant === "" ? {} : { variant }),
      ...(osVersion === undefined || osVersion === "" ? {} : { osVersion }),
    });
  } catch (cause) {
    if (!(cause instanceof OciError)) throw cause;
    const advice = "give a manifest list with -f, which says the platform";
    throw new UsageError(
      `${formatReference(reference)}: its configuration names no platform (${cause.message}); ${advice}`,
    );
  }
}
