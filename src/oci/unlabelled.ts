import { formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import { featureClass } from "../hardware/rank.ts";
import type { Variant } from "./variant.ts";

/**
 * Runtimes without MetaHub take an amd64 entry without a `variant` for v1, and prefer a sibling that says v2: the
 * better build is never run there, or, alone, runs where it cannot. Its publisher should know.
 */
export function unlabelledWarnings(variants: readonly Variant[]): readonly string[] {
  const labelled = variants.find(
    (variant) => variant.platform.architecture === "amd64" && variant.platform.variant !== undefined,
  );
  if (labelled === undefined) {
    return [];
  }
  return variants.flatMap((variant) => {
    const { platform } = variant;
    if (platform.architecture !== "amd64" || platform.os !== labelled.platform.os || platform.variant !== undefined) {
      return [];
    }
    const isa = variant.requires.flat().find((feature) => featureClass(feature) === "isa");
    if (isa === undefined) {
      return [];
    }
    return [
      `Entry ${variant.position} requires ${formatFeature(isa)} but names no platform variant, while entry ` +
        `${labelled.position} is ${formatPlatform(labelled.platform)}: runtimes by themselves take the first for v1.`,
    ];
  });
}
