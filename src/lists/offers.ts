import { LRUCache } from "lru-cache";
import { keptHeapSize, textSize } from "../json/heap-size.ts";
import { computeDigest } from "../oci/digest.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { platformRequirement, withoutRepetition } from "../oci/requirement.ts";
import type { Variant } from "../oci/variant.ts";
import type { IndexImage } from "../registry/images.ts";
import { shorten } from "../text/shorten.ts";
import type { SpokenList } from "./list.ts";
import type { ResolvedEntry } from "./resolve.ts";

/** Bytes of the lists that are kept as indexes. */
const maxBytes = 8 * 1_048_576;
const mediaType = "application/vnd.metahub.manifestlist.v1+json";
/** Warnings of one list, and characters of each (`VariantList.warnings`, less one on a conflict). */
const mostWarnings = 32;
const mostCharacters = 300;

type Offered = Pick<
  IndexImage,
  "descriptor" | "variants" | "warnings" | "unasked" | "unread" | "written" | "incomplete"
>;

/** Lists as indexes to choose from. The same content gives the same array of builds, by which choices are remembered. */
export class Offers {
  readonly #known = new LRUCache<string, Offered>({
    maxSize: maxBytes,
    sizeCalculation: ({ variants, warnings, unasked = [] }, key) =>
      textSize(key) + keptHeapSize(variants) + keptHeapSize(warnings) + keptHeapSize(unasked),
  });

  /** The list as an index under the name that was asked for: without a build, where none counts */
  of(
    list: SpokenList,
    reference: Reference,
    resolved: readonly ResolvedEntry[],
    { atBinding }: { readonly atBinding: boolean },
  ): IndexImage {
    const found = contentOf(list, resolved);
    const digest = computeDigest(new TextEncoder().encode(JSON.stringify([list.identity, found])));
    let offered = this.#known.get(digest);
    if (offered === undefined) {
      const { variants, unasked, partial, warnings } = found;
      // What runtimes would find under this name is of no account: they never see the list.
      offered = { descriptor: { mediaType, digest, size: 0 }, variants, warnings, written: [], unasked, ...partial };
      this.#known.set(digest, offered);
    }
    return { kind: "index", reference, ...offered, madeOf: { list: list.identity, shown: list.shown, atBinding } };
  }
}

interface Content {
  readonly variants: readonly Variant[];
  readonly unasked: readonly Variant[];
  /** By entries; absent: none. */
  readonly partial: Pick<IndexImage, "unread" | "incomplete">;
  readonly warnings: readonly string[];
}

function contentOf(list: SpokenList, resolved: readonly ResolvedEntry[]): Content {
  const variants: Variant[] = [];
  const unasked: Variant[] = [];
  const warnings = [...(list.warnings ?? [])];
  for (const [index, { entry, variants: own, error, temporary }] of resolved.entries()) {
    for (const variant of own) variants.push({ ...variant, position: variants.length });
    if (error === undefined) continue;
    const why = shorten(`manifests[${index}] of ${list.shown} is passed over: ${error}`, mostCharacters);
    if (warnings.length < mostWarnings) warnings.push(why);
    if (temporary === true) unasked.push(unaskedOf(entry, index));
  }
  const unread = resolved.flatMap((one, index) => (one.unread === true ? [index] : []));
  const incomplete = resolved.some((one) => one.incomplete === true);
  const partial = { ...(unread.length === 0 ? {} : { unread }), ...(incomplete ? { incomplete } : {}) };
  return { variants, unasked, warnings, partial };
}

/** As far as the list tells of it: it may require more. */
function unaskedOf({ image, platform, requires }: ResolvedEntry["entry"], position: number): Variant {
  const own = platform === undefined ? [] : platformRequirement(platform);
  return {
    mediaType: "",
    digest: formatReference(image),
    size: 0,
    platform: platform ?? { os: "", architecture: "" },
    requires: withoutRepetition([...requires, ...own]),
    runtimeMatched: false,
    priority: 0,
    format: "plain",
    position,
  };
}
