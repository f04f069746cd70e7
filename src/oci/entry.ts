import type { Requirement } from "../hardware/feature.ts";
import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import {
  buildkitReferenceType,
  featuresAnnotation,
  priorityAnnotation,
  sociImageAnnotation,
  supercontainersPrefix,
} from "./annotations.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseDigest } from "./digest.ts";
import { excerpt } from "./excerpt.ts";
import type { FeatureBudget } from "./feature-budget.ts";
import {
  at,
  optionalObject,
  optionalString,
  optionalStringMap,
  optionalStrings,
  requiredSize,
  requiredString,
} from "./fields.ts";
import { detectFormat, withoutFormats } from "./format.ts";
import type { JsonObject } from "./json.ts";
import { documentKind, isImageConfig } from "./media-types.ts";
import { maxFeatures as mostInList, readRequirement } from "./requirement.ts";
import type { Variant } from "./variant.ts";
import type { Warnings } from "./warnings.ts";

/** The inheritance of a nested index's entries. */
export interface Inherited {
  readonly requires: Requirement;
  readonly priority: number;
  readonly platform: Platform | undefined;
}

export interface EntryContext {
  /** Where the entry is, e.g. `manifests[3]`. */
  readonly place: string;
  readonly inherited: Inherited;
  /** Platforms that the caller read from image configurations, by manifest digest. */
  readonly platforms: ReadonlyMap<string, Platform>;
  readonly artifacts: boolean;
  readonly warnings: Warnings;
  /** For all entries of the index. */
  readonly budget: FeatureBudget;
}

export type Entry =
  | { readonly kind: "variant"; readonly variant: Omit<Variant, "position"> }
  | { readonly kind: "nested"; readonly descriptor: Descriptor; readonly inherited: Inherited }
  /** Its platform is only in its image configuration. */
  | { readonly kind: "unidentified"; readonly descriptor: Descriptor }
  /** `sociImage`: the manifest that a SOCI index belongs to. */
  | { readonly kind: "skipped"; readonly sociImage?: string };

/** Beyond this a number says nothing more, and it still prints shortly. */
const maxPriority = 1_000_000;

/** @throws OciError where a field has the wrong type, or the descriptor names no content */
export function readEntry(object: JsonObject, context: EntryContext): Entry {
  const { place, warnings } = context;
  const descriptor: Descriptor = {
    mediaType: optionalString(object, "mediaType", place) ?? "",
    digest: requiredString(object, "digest", place),
    size: requiredSize(object, "size", place),
  };
  parseDigest(descriptor.digest, at(place, "digest"));
  const annotations = optionalStringMap(object, "annotations", place);
  const artifactType = readArtifactType(object, place);
  const written = readWrittenPlatform(optionalObject(object, "platform", place), place);

  const kind = documentKind(descriptor.mediaType);
  const isPassedOver = artifactType !== undefined && !context.artifacts;
  if (kind === "other" || isAttestation(annotations, written.platform) || isPassedOver) {
    const sociImage = annotations.get(sociImageAnnotation);
    return sociImage === undefined ? { kind: "skipped" } : { kind: "skipped", sociImage };
  }
  const platform = checkPlatform(
    written.platform ?? context.inherited.platform ?? context.platforms.get(descriptor.digest),
    context,
  );
  if (platform === "invalid") {
    return { kind: "skipped" };
  }
  context.budget.take(countFeatures(written, annotations) + context.inherited.requires.length, place);
  const read = readRequirement({
    platform: platform ?? { os: "", architecture: "" },
    features: written.features,
    osFeatures: withoutFormats(written.osFeatures),
    annotations,
  });
  for (const problem of read.problems) {
    warnings.add(`${place} is never chosen: ${problem}`);
  }
  const requires = [...context.inherited.requires, ...read.requires];
  const priority = readPriority(annotations.get(priorityAnnotation), context);
  if (kind === "index") {
    return { kind: "nested", descriptor, inherited: { requires, priority, platform } };
  }
  if (platform === undefined) {
    return { kind: "unidentified", descriptor };
  }
  return {
    kind: "variant",
    variant: {
      ...descriptor,
      platform,
      requires,
      runtimeMatched: read.runtimeMatched && context.inherited.requires.length === 0,
      priority,
      format: detectFormat(written.osFeatures, annotations),
      ...(artifactType === undefined ? {} : { artifactType }),
    },
  };
}

/** Texts that may be features, unparsed. A carrier of too many is not read, and counts as one. */
function countFeatures(written: WrittenPlatform, annotations: ReadonlyMap<string, string>): number {
  const listed = annotations.get(featuresAnnotation)?.split(",", mostInList + 1).length ?? 0;
  const older = [...annotations.keys()].filter((key) => key.startsWith(supercontainersPrefix)).length;
  const counts = [listed, written.features.length, written.osFeatures.length];
  return counts.reduce((sum, count) => sum + (count > mostInList ? 1 : count), older);
}

/** The type of an artifact; undefined for an image, which may name its configuration's type there. */
function readArtifactType(object: JsonObject, place: string): string | undefined {
  const artifactType = optionalString(object, "artifactType", place);
  return artifactType === undefined || artifactType === "" || isImageConfig(artifactType) ? undefined : artifactType;
}

/** The `platform` of an entry as it is written, before anything is inherited. */
interface WrittenPlatform {
  readonly platform: Platform | undefined;
  readonly features: readonly string[];
  readonly osFeatures: readonly string[];
}

function readWrittenPlatform(object: JsonObject | undefined, entry: string): WrittenPlatform {
  if (object === undefined) return { platform: undefined, features: [], osFeatures: [] };
  const place = at(entry, "platform");
  const osFeatures = optionalStrings(object, "os.features", place);
  const features = optionalStrings(object, "features", place);
  return { osFeatures, features, platform: readPlatform(object, entry) };
}

/** Undefined where it names no architecture: such an entry is read like one without a platform. */
function readPlatform(object: JsonObject, entry: string): Platform | undefined {
  const place = at(entry, "platform");
  const os = optionalString(object, "os", place);
  const architecture = optionalString(object, "architecture", place);
  const variant = optionalString(object, "variant", place);
  const osVersion = optionalString(object, "os.version", place);
  if (architecture === undefined || architecture === "") {
    return undefined;
  }
  return {
    os: os === undefined || os === "" ? "linux" : os,
    architecture,
    ...(variant === undefined || variant === "" ? {} : { variant }),
    ...(osVersion === undefined || osVersion === "" ? {} : { osVersion }),
  };
}

function checkPlatform(platform: Platform | undefined, context: EntryContext): Platform | undefined | "invalid" {
  if (platform === undefined) {
    return undefined;
  }
  try {
    return normalizePlatform(platform);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.warnings.add(`${context.place} is passed over: its platform is not valid: ${why}`);
    return "invalid";
  }
}

/** BuildKit writes both marks; older ones and other builders only one of them. */
function isAttestation(annotations: ReadonlyMap<string, string>, platform: Platform | undefined): boolean {
  const unknown = platform?.os === "unknown" && platform.architecture === "unknown";
  return unknown || annotations.has(buildkitReferenceType);
}

function readPriority(text: string | undefined, context: EntryContext): number {
  if (text === undefined) {
    return context.inherited.priority;
  }
  const priority = /^[+-]?[0-9]{1,7}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isNaN(priority) || Math.abs(priority) > maxPriority) {
    const range = `a whole number between -${maxPriority} and ${maxPriority}`;
    context.warnings.add(
      `${context.place}: the annotation ${priorityAnnotation} is ${excerpt(text)} and counts as 0; write ${range}`,
    );
    return 0;
  }
  return priority === 0 ? 0 : priority;
}
