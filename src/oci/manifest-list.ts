import type { Feature } from "../hardware/feature.ts";
import { parseFeatures } from "../hardware/parse.ts";
import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import { YamlError } from "../yaml/error.ts";
import { readYamlDocument } from "../yaml/read.ts";
import { maxEntries } from "./document.ts";
import { OciError } from "./error.ts";
import {
  asObject,
  at,
  optionalArray,
  optionalObject,
  optionalString,
  optionalStrings,
  requiredString,
  wrongType,
} from "./fields.ts";
import type { JsonObject } from "./json.ts";
import { parseReference, type Reference } from "./reference.ts";
import { asJson } from "./untyped.ts";
import { Warnings } from "./warnings.ts";

/** The list of builds of one image, each under a name of its own, as the first MetaHub and manifest-tool read it. */
export interface ManifestList {
  /** The reference that a Pod asks for. */
  readonly image: Reference;
  /** More tags under which the index is wanted (manifest-tool). */
  readonly tags: readonly string[];
  readonly entries: readonly ManifestListEntry[];
  /** Keys that were not understood; never an error. */
  readonly warnings: readonly string[];
}

export interface ManifestListEntry {
  readonly image: Reference;
  readonly platform: Platform;
  /** Canonical features of one carrier (see toRequirement). */
  readonly features: readonly Feature[];
  /** 0 where none is written. */
  readonly priority: number;
}

/** Characters: 1,024 for each of 1,024 entries. */
const maxText = 1024 * 1024;
const maxFeatures = 64;
const maxPriority = 1_000_000;

const listKeys = ["image", "tags", "manifests"];
const entryKeys = ["image", "platform", "priority"];
const platformKeys = ["os", "architecture", "variant", "features", "os.version", "osVersion", "os_version"];

/**
 * Reads the YAML of a manifest list.
 * @throws OciError TOO_LARGE; YAML_SYNTAX with line and column; WRONG_TYPE, MISSING_FIELD, WRONG_VALUE,
 * TOO_MANY_ENTRIES, FEATURE_INVALID, REFERENCE_* and DIGEST_* with the place
 */
export function parseManifestList(yaml: string): ManifestList {
  if (yaml.length > maxText) {
    throw new OciError("TOO_LARGE", `the manifest list has ${yaml.length} characters, at most ${maxText} are read`);
  }
  return readManifestList(parseYaml(yaml));
}

/**
 * Reads a manifest list that some parser made already, such as the `spec` of a ManifestList.
 * @throws OciError as `parseManifestList`, without TOO_LARGE and YAML_SYNTAX
 */
export function readManifestList(value: unknown): ManifestList {
  const root = asObject(asJson(value), "document");
  const warnings = new Warnings();
  warnUnknown(root, listKeys, "", warnings);
  const manifests = optionalArray(root, "manifests", "") ?? [];
  if (manifests.length === 0) {
    throw new OciError("MISSING_FIELD", "the builds are missing: a list of image and platform", { place: "manifests" });
  }
  if (manifests.length > maxEntries) {
    const message = `the list has ${manifests.length} builds, at most ${maxEntries} are read`;
    throw new OciError("TOO_MANY_ENTRIES", message, { place: "manifests" });
  }
  return {
    image: readImage(root, ""),
    tags: optionalStrings(root, "tags", ""),
    entries: manifests.map((entry, index) => readEntry(asObject(entry, `manifests[${index}]`), index, warnings)),
    warnings: warnings.list(),
  };
}

function readEntry(entry: JsonObject, index: number, warnings: Warnings): ManifestListEntry {
  const place = `manifests[${index}]`;
  warnUnknown(entry, entryKeys, place, warnings);
  const platformPlace = at(place, "platform");
  const platform = optionalObject(entry, "platform", place);
  if (platform === undefined) {
    const message = "a build needs a platform, such as {os: linux, architecture: amd64}";
    throw new OciError("MISSING_FIELD", message, { place: platformPlace });
  }
  warnUnknown(platform, platformKeys, platformPlace, warnings);
  const normal = readPlatform(platform, platformPlace);
  return {
    image: readImage(entry, place),
    platform: normal,
    features: readFeatures(platform, platformPlace, normal.architecture),
    priority: readPriority(entry, place),
  };
}

function readPlatform(platform: JsonObject, place: string): Platform {
  const variant = optionalString(platform, "variant", place);
  const osVersion =
    optionalString(platform, "os.version", place) ??
    optionalString(platform, "osVersion", place) ??
    optionalString(platform, "os_version", place);
  const written: Platform = {
    os: optionalString(platform, "os", place) || "linux",
    architecture: requiredString(platform, "architecture", place),
    ...(variant === undefined || variant === "" ? {} : { variant }),
    ...(osVersion === undefined || osVersion === "" ? {} : { osVersion }),
  };
  try {
    return normalizePlatform(written);
  } catch (cause) {
    throw new OciError("WRONG_VALUE", cause instanceof Error ? cause.message : String(cause), { place, cause });
  }
}

function readFeatures(platform: JsonObject, place: string, architecture: string): readonly Feature[] {
  const texts = optionalStrings(platform, "features", place);
  if (texts.length > maxFeatures) {
    const message = `${texts.length} features are listed, at most ${maxFeatures} are read`;
    throw new OciError("FEATURE_INVALID", message, { place: at(place, "features") });
  }
  return texts.flatMap((text, index) => {
    try {
      return parseFeatures(text, { architecture });
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new OciError("FEATURE_INVALID", message, { place: `${at(place, "features")}[${index}]`, cause });
    }
  });
}

function readPriority(entry: JsonObject, place: string): number {
  const priority = entry["priority"] ?? 0;
  if (typeof priority !== "number") {
    throw wrongType(priority, at(place, "priority"), "a whole number");
  }
  if (!Number.isInteger(priority) || Math.abs(priority) > maxPriority) {
    const message = `must be a whole number between -${maxPriority} and ${maxPriority}`;
    throw new OciError("WRONG_VALUE", message, { place: at(place, "priority") });
  }
  return priority;
}

function readImage(parent: JsonObject, place: string): Reference {
  const text = requiredString(parent, "image", place);
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof OciError) {
      throw new OciError(error.code, error.message, { place: at(place, "image"), cause: error });
    }
    throw error;
  }
}

function warnUnknown(object: JsonObject, known: readonly string[], place: string, warnings: Warnings): void {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) {
      warnings.add(`${at(place, key)} is not understood and counts for nothing; known are ${known.join(", ")}.`);
    }
  }
}

function parseYaml(text: string): unknown {
  try {
    return readYamlDocument(text);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw new OciError("YAML_SYNTAX", `the manifest list is not valid YAML: ${cause.message}`, { cause });
  }
}
