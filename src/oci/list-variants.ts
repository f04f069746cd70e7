import { toRequirement } from "../hardware/requirement.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ManifestList } from "./manifest-list.ts";
import { documentKind } from "./media-types.ts";
import { formatReference } from "./reference.ts";
import { platformRequirement } from "./requirement.ts";
import type { Variant, VariantList } from "./variant.ts";
import { Warnings } from "./warnings.ts";

/**
 * The variants of a manifest list whose images were looked up: `descriptors` by the image as it is written there. An
 * image that was not found is passed over with a warning. `Variant.name` is the name to rewrite to.
 */
export function manifestListVariants(list: ManifestList, descriptors: ReadonlyMap<string, Descriptor>): VariantList {
  const warnings = new Warnings();
  for (const warning of list.warnings) {
    warnings.add(warning);
  }
  const variants = list.entries.flatMap((entry, position): Variant[] => {
    const image = formatReference(entry.image);
    const descriptor = descriptors.get(image);
    if (descriptor === undefined) {
      warnings.add(`manifests[${position}] is passed over: ${image} was not found.`);
      return [];
    }
    if (documentKind(descriptor.mediaType) !== "manifest") {
      warnings.add(`manifests[${position}] is passed over: ${image} is not a single image manifest.`);
      return [];
    }
    return [
      {
        ...descriptor,
        platform: entry.platform,
        requires: [...toRequirement(entry.features), ...platformRequirement(entry.platform)],
        // Under names of their own no runtime chooses between them: the list is MetaHub's alone.
        runtimeMatched: false,
        priority: entry.priority,
        format: "plain",
        position,
        name: entry.image.name,
      },
    ];
  });
  return { variants, warnings: warnings.list() };
}
