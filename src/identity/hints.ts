import { HardwareError } from "../hardware/error.ts";
import { formatFeature } from "../hardware/feature.ts";
import { parseFeatureList } from "../hardware/parse.ts";

/** Begins the hint in a user name: no credential's user name has one. */
const sign = "+";

export function hasHint(username: string): boolean {
  return username.includes(sign);
}

/**
 * The features that a user name says behind its plus, canonical: `any+cpu=zen2,nvcap=9.0`. A colon cannot stand in a user
 * name, so that one inside of a value is written `%3A`: `gfx=gfx90a%3Axnack+`. Undefined where that cannot be read.
 */
export function featuresOfHint(username: string): readonly string[] | undefined {
  const text = username.slice(username.indexOf(sign) + 1).replaceAll(/%3a/gi, ":");
  if (text.includes("%")) return undefined;
  try {
    const features = parseFeatureList(text).map(formatFeature);
    return features.length === 0 ? undefined : features;
  } catch (error) {
    if (error instanceof HardwareError) return undefined;
    throw error;
  }
}
