import type { Requirement } from "../hardware/feature.ts";
import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import {
  buildkitReferenceType,
  featuresAnnotation,
  priorityAnnotation,
  sociImageAnnotation,
  supercontainersPrefix,
} from "./annotations.ts";
import type { ConfiguredPlatform } from "./configuration.ts";
import { readContentName } from "./content-name.ts";
import type { Descriptor } from "./descriptor.ts";
import { OciError } from "./error.ts";
import { excerpt } from "./excerpt.ts";
import type { FeatureBudget } from "./feature-budget.ts";
import { optionalObject, optionalString, optionalStringMap } from "./fields.ts";
import { detectFormat, withoutFormats } from "./format.ts";
import type { JsonObject } from "./json.ts";
import { type DocumentKind, documentKind, isImageConfig } from "./media-types.ts";
import {
  isRuntimeMatched,
  maxFeatures as mostInList,
  platformRequirement,
  readRequirement,
  withoutRepetition,
} from "./requirement.ts";
import type { Variant } from "./variant.ts";
import type { Warnings } from "./warnings.ts";
import { type AsWritten, asWritten, readWrittenPlatform, type WrittenPlatform } from "./written-platform.ts";

/** The inheritance of a nested index's entries. */
export interface Inherited {
  /** Said beside the platforms. */
  readonly requires: Requirement;
  readonly priority: number;
  /** The (normalised) platforms of the indexes around it, the outermost first, as far as they name any. */
  readonly platforms: readonly Platform[];
}

export interface EntryContext {
  /** Where the entry is, e.g. `manifests[3]`. */
  readonly place: string;
  readonly inherited: Inherited;
  /** By manifest digest: what the caller read in image configurations. */
  readonly configured: Configured;
  readonly artifacts: boolean;
  readonly warnings: Warnings;
  /** For all entries of the index. */
  readonly budget: FeatureBudget;
}

/**
 * The platforms of image configurations, by manifest digest. `none`: a configuration without an architecture, as that
 * of an artifact. `unread`: it could not be read.
 */
export type Configured = ReadonlyMap<string, ConfiguredPlatform | "none" | "unread">;

export type Entry = {
  readonly written: AsWritten;
} /** `unasked`: it has its platform from the index around it alone, and its configuration was not read yet. */ & (
  | { readonly kind: "variant"; readonly variant: Omit<Variant, "position">; readonly unasked?: true }
  | { readonly kind: "nested"; readonly descriptor: Descriptor; readonly inherited: Inherited }
  /** Its platform is only in its image configuration, which was not read yet. */
  | { readonly kind: "unidentified"; readonly descriptor: Descriptor }
  /** `sociImage`: the manifest that a SOCI index belongs to. `told`: for which machines it is, and why it is not read. */
  | {
      readonly kind: "skipped";
      readonly leads: "artifact" | "nothing" | "unread";
      readonly sociImage?: string;
      readonly told?: boolean;
    }
);

/** Beyond this a number says nothing more, and it still prints shortly. */
const maxPriority = 1_000_000;

/**
 * An entry whose descriptor names no content that can be fetched is passed over: unknown types and algorithms are to be
 * let be (image-spec v1.1, image-index.md and descriptor.md).
 * @throws OciError where a field has the wrong type, with which no runtime reads the index
 */
export function readEntry(object: JsonObject, context: EntryContext): Entry {
  const { place } = context;
  const mediaType = optionalString(object, "mediaType", place) ?? "";
  const annotations = optionalStringMap(object, "annotations", place);
  const artifactType = readArtifactType(object, place);
  const read = readWrittenPlatform(optionalObject(object, "platform", place), place);

  const kind = documentKind(mediaType);
  const written = asWritten(read, annotations);
  const described = readContentName(object, place);
  if (described instanceof OciError) {
    context.warnings.add(`${described.message}: the entry is passed over.`);
    const isTold = read.platform !== undefined;
    return kind === "other" ? skipped(kind, written, annotations) : { ...unread(written), told: isTold };
  }
  const descriptor: Descriptor = { mediaType, ...described };
  const isPassedOver = artifactType !== undefined && !context.artifacts;
  if (kind === "other" || isAttestation(annotations, read.platform) || isPassedOver) {
    return skipped(kind, written, annotations);
  }
  const platform = checkPlatform(platformOf(descriptor.digest, read, context), context);
  if (platform === "unread") return unread(written);
  if (typeof platform === "string") return { kind: "skipped", written, leads: "artifact" };
  const built = readBuild({ platform, read, annotations }, context);
  if (kind === "index") {
    return { kind: "nested", written, descriptor, inherited: built.inherited };
  }
  if (platform === undefined) {
    return { kind: "unidentified", written, descriptor };
  }
  const variant = { ...descriptor, ...built.variant(platform) };
  return {
    kind: "variant",
    written: withConfiguration(written, descriptor.digest, context),
    variant: artifactType === undefined ? variant : { ...variant, artifactType },
    ...(read.platform === undefined && !context.configured.has(descriptor.digest) ? { unasked: true } : {}),
  };
}

function withConfiguration(written: AsWritten, digest: string, { configured }: EntryContext): AsWritten {
  const platform = configured.get(digest);
  if (written === undefined || written.platform !== undefined || typeof platform !== "object") return written;
  return { ...written, configured: platform };
}

/** The parts of an entry that an image, or index, may have. */
interface Parts {
  readonly platform: Platform | undefined;
  readonly read: WrittenPlatform;
  readonly annotations: ReadonlyMap<string, string>;
}

/** An entry's requirement and rank, as an index hands them on and as an image of some platform has them. */
function readBuild({ platform, read, annotations }: Parts, context: EntryContext) {
  const { place, warnings, inherited } = context;
  context.budget.take(countFeatures(read, annotations) + inherited.requires.length, place);
  const { explicit: own, problems } = readRequirement({
    platform: platform ?? { os: "", architecture: "" },
    features: read.features,
    osFeatures: withoutFormats(read.osFeatures),
    annotations,
  });
  for (const problem of problems) warnings.add(`${place} is never chosen: ${problem}`);
  const explicit = [...inherited.requires, ...own];
  const priority = readPriority(annotations.get(priorityAnnotation), context);
  const around = inherited.platforms;
  return {
    inherited: { requires: explicit, priority, platforms: platform === undefined ? around : [...around, platform] },
    variant: (image: Platform) => {
      // A platform around it tells of its variant where it is of the same architecture.
      const about = around.length === 0 ? [image] : [...around, image].filter((one) => isSameMachine(one, image));
      return {
        platform: image,
        requires: withoutRepetition([...explicit, ...about.flatMap(platformRequirement)]),
        runtimeMatched: explicit.length === 0 && about.every(isRuntimeMatched),
        priority,
        format: detectFormat(read.osFeatures, annotations),
      };
    },
  };
}

/** Runtimes take any manifest for an image. */
function skipped(
  kind: DocumentKind,
  written: AsWritten,
  annotations: ReadonlyMap<string, string>,
): Extract<Entry, { kind: "skipped" }> {
  const leads = kind === "other" ? "nothing" : "artifact";
  const sociImage = annotations.get(sociImageAnnotation);
  return { kind: "skipped", written, leads, ...(sociImage === undefined ? {} : { sociImage }) };
}

function unread(written: AsWritten): Extract<Entry, { kind: "skipped" }> {
  return { kind: "skipped", written, leads: "unread" };
}

/** The entry's own; else what its configuration says; else that of the index that it is nested in. */
function platformOf(
  digest: string,
  { platform }: WrittenPlatform,
  { inherited, configured }: EntryContext,
): Platform | "none" | "unread" | undefined {
  if (platform !== undefined) return platform;
  const said = configured.get(digest);
  const around = inherited.platforms.at(-1);
  if (typeof said !== "object") return around ?? said;
  // It asks the system for more than its platform says, and only the index around it vouches for the rest.
  return said.special === true && around === undefined ? "unread" : said;
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

function isSameMachine(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture;
}

function checkPlatform(
  platform: Platform | "none" | "unread" | undefined,
  context: EntryContext,
): Platform | undefined | "none" | "unread" | "invalid" {
  if (platform === undefined || typeof platform === "string") {
    return platform;
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
