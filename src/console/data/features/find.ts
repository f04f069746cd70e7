import type { z } from "zod";
import { canonicalNamespace } from "../../../hardware/namespace.ts";
import type { features as contract, KnownFeature } from "../../contract/machine-types.ts";
import { knownFeatures } from "./known.ts";

/** Features in one answer: more than a person reads in a list that opens below a field. */
const mostFeatures = 50;
/** Characters that are looked at; no feature is longer. */
const mostCharacters = 128;

/**
 * The names that the program knows and that begin so, or whose value does, or that hold the text, or of which it is said; in this
 * order. `cpu:z`, `zen`, `h100`, `compute-capability:9` and the empty text are all right.
 */
export function features(prefix: string): z.infer<typeof contract> {
  const text = canonical(prefix.slice(0, mostCharacters).trim().toLowerCase());
  const places: KnownFeature[][] = [[], [], [], []];
  for (const one of knownFeatures()) {
    const place = placeOf(one, text);
    if (place !== undefined) places[place]?.push(one);
  }
  const found = places.flat();
  return { items: found.slice(0, mostFeatures), more: found.length > mostFeatures };
}

function placeOf({ feature, says }: KnownFeature, text: string): number | undefined {
  if (feature.startsWith(text)) return 0;
  const value = feature.slice(feature.indexOf(":") + 1);
  if (value.startsWith(text)) return 1;
  if (feature.includes(text)) return 2;
  // Products are known by what is said of a feature: H100, MI300X.
  return says.toLowerCase().includes(text) ? 3 : undefined;
}

/** Other spellings of a namespace as its own name. */
function canonical(text: string): string {
  const colon = text.indexOf(":");
  return colon < 0 ? text : `${canonicalNamespace(text.slice(0, colon))}${text.slice(colon)}`;
}
