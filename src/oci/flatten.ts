import { formatFeature } from "../hardware/feature.ts";
import type { Descriptor } from "./descriptor.ts";
import { maxEntries, type ReadIndexOptions, readDocument } from "./document.ts";
import type { Entry, Inherited } from "./entry.ts";
import { OciError } from "./error.ts";
import { FeatureBudget } from "./feature-budget.ts";
import { drain, type Steps } from "./steps.ts";
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
  return drain(flattenInSteps(digest, documents, options));
}

/** The same in steps. @throws OciError as `flattenIndex` */
export function* flattenInSteps(
  digest: string,
  documents: ReadonlyMap<string, Uint8Array>,
  options: ReadIndexOptions = {},
): Steps<FlattenedIndex> {
  const walk = new Walk(documents, options);
  yield* walk.document(digest, { requires: [], priority: 0, platform: undefined }, "", []);
  return yield* walk.result();
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
  readonly #budget = new FeatureBudget();
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

  *document(digest: string, inherited: Inherited, prefix: string, path: readonly string[]): Steps<void> {
    const bytes = this.#documents.get(digest);
    if (bytes === undefined) {
      throw new OciError("MISSING_FIELD", `the index ${digest} is not among the documents handed in`);
    }
    const context = { options: this.#options, warnings: this.#warnings, budget: this.#budget };
    const entries = yield* readDocument(bytes, { inherited, prefix, ...context });
    for (const [index, entry] of entries.entries()) {
      const place = `${prefix}manifests[${index}]`;
      if (entry.kind === "nested") yield* this.#enter(entry, place, [...path, digest]);
      else this.#entry(entry, place);
    }
  }

  #entry(entry: Exclude<Entry, { kind: "nested" }>, place: string): void {
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

  *#enter(entry: Extract<Entry, { kind: "nested" }>, place: string, path: readonly string[]): Steps<void> {
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
      yield* this.document(digest, entry.inherited, `${place} > `, path);
    } else {
      this.#missing.set(digest, entry.descriptor);
    }
  }

  *result(): Steps<FlattenedIndex> {
    if (this.#missing.size > 0) {
      return { complete: false, missing: [...this.#missing.values()] };
    }
    yield* checkFeatures(this.#variants);
    const variants: Variant[] = [];
    for (const variant of this.#variants) {
      const isSoci = variant.format === "plain" && this.#sociImages.has(variant.digest);
      variants.push(detached(isSoci ? { ...variant, format: "soci" } : variant));
      yield;
    }
    for (const warning of unlabelledWarnings(variants)) {
      this.#warnings.add(warning);
    }
    return { complete: true, variants, warnings: this.#warnings.list(), unidentified: this.#unidentified };
  }
}

/**
 * A copy whose texts hold nothing of the document: V8 makes a part of a text a view of the whole, and one digest would
 * keep 4 MiB in memory. A Variant is plain JSON.
 */
function detached(variant: Variant): Variant {
  return JSON.parse(JSON.stringify(variant));
}

function* checkFeatures(variants: readonly Variant[]): Steps<void> {
  const distinct = new Set<string>();
  for (const { requires } of variants) {
    for (const feature of requires.flat()) distinct.add(formatFeature(feature));
    yield;
  }
  if (distinct.size > maxFeatures) {
    const message = `the index names ${distinct.size} different features, at most ${maxFeatures} are read`;
    throw new OciError("TOO_MANY_FEATURES", message);
  }
}
