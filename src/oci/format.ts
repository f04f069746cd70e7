import { estargzPrefix, sociIndex, zstd } from "./annotations.ts";
import type { Format } from "./variant.ts";

/** `os.features` values by which converters mark their sibling entry. They are formats, not requirements. */
const osFeatureFormats = new Map<string, Format>([
  ["nydus.remoteimage.v1", "nydus"],
  ["erofs", "erofs"],
]);

/** The packing of an index entry, by its own marks. An eStargz image without marks on its entry reads as plain. */
export function detectFormat(osFeatures: readonly string[], annotations: ReadonlyMap<string, string>): Format {
  for (const feature of osFeatures) {
    const format = osFeatureFormats.get(feature);
    if (format !== undefined) {
      return format;
    }
  }
  if (annotations.has(sociIndex)) {
    return "soci";
  }
  if (annotations.get(zstd) === "true") {
    return "zstd";
  }
  return [...annotations.keys()].some((key) => key.startsWith(estargzPrefix)) ? "estargz" : "plain";
}

/** The `os.features` that say something else than the format. */
export function withoutFormats(osFeatures: readonly string[]): readonly string[] {
  return osFeatures.filter((feature) => !osFeatureFormats.has(feature));
}
