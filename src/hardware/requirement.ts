import { type Feature, formatFeature, type Requirement } from "./feature.ts";

/**
 * The requirement of the features of ONE carrier (an annotation, `platform.features`, …): values of one namespace are
 * alternatives; `nvcap` and `nvptx` together, since a fat binary carries machine code and PTX. Every `cpuflag` is
 * required by itself, and so is every `feature`: bare words that nobody knows are names of different things
 * (image-spec: each of `os.features` is mandatory). Groups stand in the order of their first feature.
 *
 * Several carriers add up: concatenate their requirements.
 */
export function toRequirement(features: readonly Feature[]): Requirement {
  const groups = new Map<string, Map<string, Feature>>();
  for (const feature of features) {
    const text = formatFeature(feature);
    const key = groupKey(feature, text);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, new Map([[text, feature]]));
    else group.set(text, feature);
  }
  return [...groups.values()].map((group) => [...group.values()]);
}

function groupKey({ namespace }: Feature, text: string): string {
  switch (namespace) {
    case "cpuflag":
    case "feature":
      return text;
    case "nvptx":
      return "nvcap";
    default:
      return namespace;
  }
}
