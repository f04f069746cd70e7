import { type FeatureGroup, formatFeature } from "../hardware/feature.ts";
import type { Offer } from "../hardware/offer.ts";
import { formatPlatform } from "../hardware/platform.ts";
import type { Variant } from "../oci/variant.ts";
import { few } from "../text/few.ts";
import { shorten } from "../text/shorten.ts";
import type { Misfit } from "./fit.ts";
import type { RankingRule } from "./selection.ts";

/** Fits a Warning header and a table cell. */
export const maxReason = 200;
/** More names than these say nothing to a reader. */
const maxNames = 4;

/** Says what the winner has over the last of its rivals. */
const better: Readonly<Record<RankingRule, string>> = {
  "fallback-platform": "is the only one for the machine's own architecture",
  dominance: "is the closest",
  priority: "has the highest priority",
  accelerator: "uses the accelerator best",
  equality: "matches the most of what the machine declares",
  isa: "uses the CPU best",
  version: "asks for the newest software",
  groups: "requires the most",
  alternatives: "is the most specific",
  format: "is in the format that fits best",
  position: "comes first in the index",
};

export function selectedReason(winner: Variant, fitting: number, decidedBy: RankingRule | undefined): string {
  return bounded(`${requirementText(winner)} ${better[decidedBy ?? "dominance"]} of ${fitting} that fit`);
}

export function onlyCandidateReason(winner: Variant, all: number): string {
  const of = all === 1 ? "is the only build, and it fits" : `is the only one of ${all} that fits`;
  return bounded(`${requirementText(winner)} ${of}`);
}

export function genericReason(misfits: readonly Misfit[], platform: string): string {
  const missing = missingText(misfits);
  const why = missing === "" ? `no other build for ${platform} fits` : `the machine lacks ${missing}`;
  return bounded(`the generic build: ${why}`);
}

export function nothingFitsReason(misfits: readonly Misfit[], platforms: string): string {
  if (misfits.length === 0) {
    return "the index lists no image that could be chosen";
  }
  const onPlatform = misfits.filter((misfit) => !misfit.platformMismatch);
  const count = misfits.length === 1 ? "the only build" : `none of ${misfits.length} builds`;
  if (onPlatform.length === 0) {
    return bounded(misfits.length === 1 ? `${count} is not for ${platforms}` : `${count} is for ${platforms}`);
  }
  const verb = misfits.length === 1 ? "does not fit" : "fits";
  return bounded(`${count} ${verb}: the machine lacks ${missingText(onPlatform)}`);
}

/** No feature decides, and still runtimes do not find it. */
export function misreadReason(winner: Variant): string {
  return bounded(`${requirementText(winner)} fits, and by themselves runtimes take another entry, or none`);
}

/** Entries without a platform whose configuration was not read, and what runtimes would take for an image. */
export function uncertainReason(platforms: string): string {
  return bounded(`left as written: no build that could be read is for ${platforms}, but not all of the index could be`);
}

export function runtimeMatchedReason(platforms: string): string {
  return bounded(`left as written: no feature decides for ${platforms}, the runtime picks by itself`);
}

export function formatOnlyReason(formats: readonly string[]): string {
  return bounded(`left as written: the builds that fit differ only in format (${formats.join(", ")})`);
}

/** `linux/amd64`, or the platforms of several machines. */
export function platformsText(offers: readonly Offer[]): string {
  return few([...new Set(offers.map((offer) => formatPlatform(offer.platform)))].sort(), maxNames, " and ");
}

/** `cpu:broadwell, nvcap:5.2 or nvptx:5.0`; the generic build by that name. */
export function requirementText(variant: Variant): string {
  return variant.requires.length === 0 ? "the generic build" : few(variant.requires.map(groupText), maxNames);
}

/** Lists what would have to be offered, each thing once, in the order of the index. */
function missingText(misfits: readonly Misfit[]): string {
  return few([...new Set(misfits.flatMap((misfit) => misfit.missing.map(groupText)))], maxNames, "; ");
}

function groupText(group: FeatureGroup): string {
  return few(group.map(formatFeature), maxNames, " or ");
}

function bounded(text: string): string {
  return shorten(text, maxReason);
}
