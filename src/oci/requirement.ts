import { type Feature, formatFeature, type Requirement } from "../hardware/feature.ts";
import { parseFeatures } from "../hardware/parse.ts";
import type { Platform } from "../hardware/platform.ts";
import { toRequirement } from "../hardware/requirement.ts";
import { osVersionFeature, platformFeature } from "../hardware/variant.ts";
import { archspecTarget, featuresAnnotation, supercontainersPrefix } from "./annotations.ts";
import { excerpt } from "./excerpt.ts";
import { supercontainersFeature } from "./supercontainers.ts";

/**
 * The namespace of a requirement that could not be read. No machine offers it, so the variant is never chosen: what is
 * not understood is not satisfied. It is no valid namespace, so no machine type can declare it either.
 */
export const unreadableText = "(unreadable)";

/** More than any real build has; bounds what one entry of a hostile index can cost. */
export const maxFeatures = 64;
/** 64 features with the longest names in use. */
const maxText = 4096;

/** Where an index entry says what it requires. */
export interface Carriers {
  readonly platform: Platform;
  /** Docker's `platform.features`, reserved in OCI. */
  readonly features: readonly string[];
  /** `platform["os.features"]` without those that name a format. */
  readonly osFeatures: readonly string[];
  readonly annotations: ReadonlyMap<string, string>;
}

export interface ReadRequirement {
  /** Beside the platform, whose own requirement is `platformRequirement`. */
  readonly explicit: Requirement;
  /** Parts that could not be read, one clause each. */
  readonly problems: readonly string[];
}

/** Adds up what all carriers require: groups of different carriers must all hold. */
export function readRequirement(carriers: Carriers): ReadRequirement {
  const { architecture } = carriers.platform;
  const problems: string[] = [];
  const read = (texts: readonly string[], source: string): Requirement =>
    readCarrier(texts, source, architecture, problems);

  const written = carriers.annotations.get(featuresAnnotation);
  const explicit: Requirement = [
    ...(written === undefined ? [] : readText(written, featuresAnnotation, read, problems)),
    ...read(carriers.features, "platform.features"),
    ...read(carriers.osFeatures.filter(isRequirement), "platform.os.features"),
    ...readOlder(carriers, read),
  ];
  return { explicit, problems };
}

/**
 * The requirement of a (normalised) platform beside os and architecture: its variant, and on Windows its os.version,
 * which runtimes for other systems do not look at (containerd, platforms).
 */
export function platformRequirement(platform: Platform): Requirement {
  const features = [platformFeature(platform), platform.os === "windows" ? osVersionFeature(platform) : undefined];
  return features.filter((feature) => feature !== undefined).map((feature) => [feature]);
}

/** 32-bit arm is the one architecture whose variant every runtime detects. */
export function isRuntimeMatched(platform: Platform): boolean {
  return platform.architecture === "arm" || platformFeature(platform) === undefined;
}

/** `win32k`: every Windows node of Kubernetes has it, only Nano Server hosts lack it (image-spec, image-index.md). */
function isRequirement(osFeature: string): boolean {
  return osFeature !== "win32k";
}

type Read = (texts: readonly string[], source: string) => Requirement;

function readText(text: string, source: string, read: Read, problems: string[]): Requirement {
  if (text.length > maxText) {
    problems.push(`${source} has ${text.length} characters, at most ${maxText} are read`);
    return [[unreadable(`${source} is too long`)]];
  }
  return read(text.split(","), source);
}

function readOlder(carriers: Carriers, read: Read): Requirement {
  const groups: (readonly Feature[])[] = [];
  const target = carriers.annotations.get(archspecTarget)?.trim() ?? "";
  // compspec writes the plain architecture there where it knows no more.
  if (target !== "" && target.toLowerCase() !== carriers.platform.architecture) {
    groups.push(...read([`cpu:${target}`], archspecTarget));
  }
  for (const [key, value] of carriers.annotations) {
    const feature = key.startsWith(supercontainersPrefix) ? supercontainersFeature(key, value) : undefined;
    if (feature !== undefined) {
      groups.push(...read([feature], excerpt(key)));
    }
  }
  return groups;
}

function readCarrier(texts: readonly string[], source: string, architecture: string, problems: string[]): Requirement {
  if (texts.length > maxFeatures) {
    problems.push(`${source} lists ${texts.length} features, at most ${maxFeatures} are read`);
    return [[unreadable(`${source} lists too many features`)]];
  }
  const features: Feature[] = [];
  const bad: Feature[] = [];
  for (const text of texts.map((one) => one.trim()).filter((one) => one !== "")) {
    try {
      features.push(...parseFeatures(text, { architecture }));
    } catch (error) {
      problems.push(`${source}: ${messageOf(error)}`);
      bad.push(unreadable(excerpt(text, 40)));
    }
  }
  return [...toRequirement(features), ...bad.map((feature) => [feature])];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unreadable(value: string): Feature {
  return { namespace: unreadableText, value };
}

/** Each group once, however its members are ordered. */
export function withoutRepetition(groups: Requirement): Requirement {
  const seen = new Map<string, readonly Feature[]>();
  for (const group of groups) {
    const key = group.map(formatFeature).sort().join("|");
    if (!seen.has(key)) {
      seen.set(key, group);
    }
  }
  return [...seen.values()];
}
