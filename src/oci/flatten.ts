import { formatFeature } from "../hardware/feature.ts";
import type { Descriptor } from "./descriptor.ts";
import { maxEntries, type ReadIndexOptions, readDocument } from "./document.ts";
import type { Entry, Inherited } from "./entry.ts";
import { OciError } from "./error.ts";
import { unlabelledWarnings } from "./unlabelled.ts";
import type { Variant, VariantList } from "./variant.ts";
import { Warnings } from "./warnings.ts";

/** The first index counts as 1. Nested indexes in use are two deep. */
export const maxDepth = 4;
/** Distinct ones of one index; comparing them all with each other must stay quick. The largest in use have some fifty. */
const maxFeatures = 2048;
/** Each may cost a request and 4 MiB. */
export const maxNested = 32;

/** An index with all that is nested in it, or what must be fetched first. */
export type FlattenedIndex =
  | ({ readonly complete: true } & VariantList & {
        /** Entries without a platform, not among the variants. To have them, hand in `platforms` and ask again. */
        readonly unidentified: readonly Descriptor[];
      })
  | {
      readonly complete: false /** Fetch, verify, add to `documents`, ask again. Never empty. */;
      readonly missing: readonly Descriptor[];
    };

/**
 * Turns an index and those nested in it into one list of variants, depth first. Pure: `documents` holds the bytes of
 * every index by digest, verified by the caller; as long as one is missing the answer says which. At most
 * `maxDepth` rounds are needed.
 * @throws OciError NOT_AN_INDEX, WRONG_TYPE, … with the place; TOO_MANY_ENTRIES, NESTED_TOO_DEEP, NESTED_CYCLE,
 * TOO_MANY_NESTED
 */
export function flattenIndex(
  digest: string,
  documents: ReadonlyMap<string, Uint8Array>,
  options: ReadIndexOptions = {},
): FlattenedIndex {
  const walk = new Walk(documents, options);
  walk.document(digest, { requires: [], priority: 0, platform: undefined }, "", []);
  return walk.result();
}

/**
 * The common case: one index, nothing nested in it that is not skipped.
 * @throws OciError as `flattenIndex`
 */
export function readIndex(bytes: Uint8Array, options: ReadIndexOptions = {}): FlattenedIndex {
  return flattenIndex("", new Map([["", bytes]]), options);
}

class Walk {
  readonly #documents: ReadonlyMap<string, Uint8Array>;
  readonly #options: ReadIndexOptions;
  readonly #warnings = new Warnings();
  readonly #variants: Variant[] = [];
  readonly #unidentified: Descriptor[] = [];
  readonly #missing = new Map<string, Descriptor>();
  readonly #sociImages = new Set<string>();
  #entries = 0;
  #nested = 0;

  constructor(documents: ReadonlyMap<string, Uint8Array>, options: ReadIndexOptions) {
    this.#documents = documents;
    this.#options = options;
  }

  document(digest: string, inherited: Inherited, prefix: string, path: readonly string[]): void {
    const bytes = this.#documents.get(digest);
    if (bytes === undefined) {
      throw new OciError("MISSING_FIELD", `the index ${digest} is not among the documents handed in`);
    }
    const context = { inherited, options: this.#options, warnings: this.#warnings, prefix };
    const entries = readDocument(bytes, context);
    entries.forEach((entry, index) => {
      this.#entry(entry, `${prefix}manifests[${index}]`, [...path, digest]);
    });
  }

  #entry(entry: Entry, place: string, path: readonly string[]): void {
    if (entry.kind === "nested") {
      this.#enter(entry, place, path);
      return;
    }
    if (this.#entries === maxEntries) {
      const message = `the index and those nested in it have more than ${maxEntries} entries`;
      throw new OciError("TOO_MANY_ENTRIES", message, { place });
    }
    if (entry.kind === "variant") {
      this.#variants.push({ ...entry.variant, position: this.#entries });
    } else if (entry.kind === "unidentified") {
      this.#unidentified.push(entry.descriptor);
      this.#warnings.add(`${place} has no platform and is not chosen; runtimes look into its configuration.`);
    } else if (entry.sociImage !== undefined) {
      this.#sociImages.add(entry.sociImage);
    }
    this.#entries += 1;
  }

  #enter(entry: Extract<Entry, { kind: "nested" }>, place: string, path: readonly string[]): void {
    const { digest } = entry.descriptor;
    if (path.includes(digest)) {
      throw new OciError("NESTED_CYCLE", `the index ${digest} contains itself`, { place });
    }
    if (path.length >= maxDepth) {
      throw new OciError("NESTED_TOO_DEEP", `indexes are nested more than ${maxDepth} deep`, { place });
    }
    this.#nested += 1;
    if (this.#nested > maxNested) {
      throw new OciError("TOO_MANY_NESTED", `more than ${maxNested} indexes are nested in this one`, { place });
    }
    if (this.#documents.has(digest)) {
      this.document(digest, entry.inherited, `${place} > `, path);
    } else {
      this.#missing.set(digest, entry.descriptor);
    }
  }

  result(): FlattenedIndex {
    if (this.#missing.size > 0) {
      return { complete: false, missing: [...this.#missing.values()] };
    }
    checkFeatures(this.#variants);
    const variants = this.#variants.map((variant) =>
      variant.format === "plain" && this.#sociImages.has(variant.digest)
        ? { ...variant, format: "soci" as const }
        : variant,
    );
    for (const warning of unlabelledWarnings(variants)) {
      this.#warnings.add(warning);
    }
    return { complete: true, variants, warnings: this.#warnings.list(), unidentified: this.#unidentified };
  }
}

function checkFeatures(variants: readonly Variant[]): void {
  const distinct = new Set(variants.flatMap((variant) => variant.requires.flat().map(formatFeature)));
  if (distinct.size > maxFeatures) {
    const message = `the index names ${distinct.size} different features, at most ${maxFeatures} are read`;
    throw new OciError("TOO_MANY_FEATURES", message);
  }
}
