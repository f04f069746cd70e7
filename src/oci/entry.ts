import type { Requirement } from "../hardware/feature.ts";
import { normalizePlatform, type Platform } from "../hardware/platform.ts";
import {
  buildkitReferenceType,
  featuresAnnotation,
  priorityAnnotation,
  sociImageAnnotation,
  supercontainersPrefix,
  zstd,
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
import { type DocumentKind, documentKind, isImageConfig } from "./media-types.ts";
import { maxFeatures as mostInList, readRequirement, withoutRepetition } from "./requirement.ts";
import type { Variant } from "./variant.ts";
import type { Warnings } from "./warnings.ts";
import type { WrittenEntry } from "./written.ts";

/** The inheritance of a nested index's entries. */
export interface Inherited {
  readonly requires: Requirement;
  /** As in `Variant`. */
  readonly runtimeMatched: boolean;
  readonly priority: number;
  readonly platform: Platform | undefined;
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
export type Configured = ReadonlyMap<string, Platform | "none" | "unread">;

/** The part of a WrittenEntry that the entry itself says; undefined where runtimes pass it over on every machine. */
type AsWritten = Omit<WrittenEntry, "leads"> | undefined;

export type Entry = { readonly written: AsWritten } & (
  | { readonly kind: "variant"; readonly variant: Omit<Variant, "position"> }
  | { readonly kind: "nested"; readonly descriptor: Descriptor; readonly inherited: Inherited }
  /** Its platform is only in its image configuration, which was not read yet. */
  | { readonly kind: "unidentified"; readonly descriptor: Descriptor }
  /** `sociImage`: the manifest that a SOCI index belongs to. */
  | { readonly kind: "skipped"; readonly leads: "artifact" | "nothing" | "unread"; readonly sociImage?: string }
);

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
  const read = readWrittenPlatform(optionalObject(object, "platform", place), place);

  const kind = documentKind(descriptor.mediaType);
  const written = asWritten(read, annotations);
  const isPassedOver = artifactType !== undefined && !context.artifacts;
  if (kind === "other" || isAttestation(annotations, read.platform) || isPassedOver) {
    return skipped(kind, written, annotations);
  }
  const platform = checkPlatform(platformOf(descriptor.digest, read, context), context);
  if (platform === "none" || platform === "unread") {
    return { kind: "skipped", written, leads: platform === "none" ? "nothing" : "unread" };
  }
  if (platform === "invalid") {
    return { kind: "skipped", written, leads: "nothing" };
  }
  context.budget.take(countFeatures(read, annotations) + context.inherited.requires.length, place);
  const requirement = readRequirement({
    platform: platform ?? { os: "", architecture: "" },
    features: read.features,
    osFeatures: withoutFormats(read.osFeatures),
    annotations,
  });
  for (const problem of requirement.problems) {
    warnings.add(`${place} is never chosen: ${problem}`);
  }
  const requires = withoutRepetition([...context.inherited.requires, ...requirement.requires]);
  const runtimeMatched = requirement.runtimeMatched && context.inherited.runtimeMatched;
  const priority = readPriority(annotations.get(priorityAnnotation), context);
  if (kind === "index") {
    return { kind: "nested", written, descriptor, inherited: { requires, runtimeMatched, priority, platform } };
  }
  if (platform === undefined) {
    return { kind: "unidentified", written, descriptor };
  }
  return {
    kind: "variant",
    written,
    variant: {
      ...descriptor,
      platform,
      requires,
      runtimeMatched,
      priority,
      format: detectFormat(read.osFeatures, annotations),
      ...(artifactType === undefined ? {} : { artifactType }),
    },
  };
}

/**
 * Runtimes take any manifest for an image. Of one without a platform they read the configuration, and an artifact's or
 * an attestation's names no architecture that a machine has (image-spec v1.1, manifest.md).
 */
function skipped(
  kind: DocumentKind,
  written: AsWritten,
  annotations: ReadonlyMap<string, string>,
): Extract<Entry, { kind: "skipped" }> {
  const leads = kind === "other" || written?.platform === undefined ? "nothing" : "artifact";
  const sociImage = annotations.get(sociImageAnnotation);
  return { kind: "skipped", written, leads, ...(sociImage === undefined ? {} : { sociImage }) };
}

/** The entry's own; else that of the index that it is nested in; else what its configuration says. */
function platformOf(
  digest: string,
  { platform }: WrittenPlatform,
  { inherited, configured }: EntryContext,
): Platform | "none" | "unread" | undefined {
  return platform ?? inherited.platform ?? configured.get(digest);
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
  /** Its texts, where there is a `platform` at all. */
  readonly raw: Platform | undefined;
  readonly features: readonly string[];
  readonly osFeatures: readonly string[];
}

function readWrittenPlatform(object: JsonObject | undefined, entry: string): WrittenPlatform {
  if (object === undefined) return { platform: undefined, raw: undefined, features: [], osFeatures: [] };
  const place = at(entry, "platform");
  const osFeatures = optionalStrings(object, "os.features", place);
  const features = optionalStrings(object, "features", place);
  return { osFeatures, features, ...readPlatform(object, entry) };
}

/** Without a platform where it names no architecture: such an entry is read like one without any. */
function readPlatform(object: JsonObject, entry: string): Pick<WrittenPlatform, "platform" | "raw"> {
  const place = at(entry, "platform");
  const os = optionalString(object, "os", place) ?? "";
  const architecture = optionalString(object, "architecture", place) ?? "";
  const variant = optionalString(object, "variant", place) ?? "";
  const osVersion = optionalString(object, "os.version", place) ?? "";
  const rest = { ...(variant === "" ? {} : { variant }), ...(osVersion === "" ? {} : { osVersion }) };
  const raw = { os, architecture, ...rest };
  return { raw, platform: architecture === "" ? undefined : { ...raw, os: os === "" ? "linux" : os } };
}

/** `win32k`: every Windows node of Kubernetes has it, and containerd looks away from it. */
function asWritten(
  { platform, raw, osFeatures }: WrittenPlatform,
  annotations: ReadonlyMap<string, string>,
): AsWritten {
  const marks = {
    ...(osFeatures.some((feature) => feature !== "win32k") ? { special: true as const } : {}),
    ...(annotations.get(zstd) === "true" ? { zstd: true as const } : {}),
  };
  if (raw === undefined) return marks;
  if (platform === undefined) return undefined;
  try {
    const normalized = normalizePlatform(platform);
    return { platform: normalized, ...(samePlatform(normalized, raw) ? {} : { raw }), ...marks };
  } catch {
    // It is told where the entry is passed over for it.
    return undefined;
  }
}

function samePlatform(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant && a.osVersion === b.osVersion;
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
