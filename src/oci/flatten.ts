import { formatFeature } from "../hardware/feature.ts";
import { samePlatform } from "../hardware/platform.ts";
import type { Descriptor } from "./descriptor.ts";
import { maxEntries, type ReadIndexOptions, readDocument } from "./document.ts";
import type { Entry, Inherited } from "./entry.ts";
import { OciError } from "./error.ts";
import { FeatureBudget } from "./feature-budget.ts";
import { drain, type Steps } from "./steps.ts";
import { unlabelledWarnings } from "./unlabelled.ts";
import type { Variant, VariantList } from "./variant.ts";
import { Warnings } from "./warnings.ts";
import type { Leads, WrittenEntry } from "./written.ts";

/** The first index counts as 1. Nested indexes in use are two deep. */
export const maxDepth = 4;
/** Distinct ones of one index; comparing them all with each other must stay quick. The largest in use have some fifty. */
const maxFeatures = 2048;
/** Each may cost a request and 4 MiB. */
export const maxNested = 32;

/** An index with all that is nested in it, or what must be fetched first. */
export type FlattenedIndex =
  | ({ readonly complete: true } & VariantList & {
        /**
         * Entries without a platform. To have what their configurations say, hand in `configured` and ask again; until then
         * they are no variants, or have the platform of the index around them.
         */
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
  const inherited = { requires: [], priority: 0, platforms: [] };
  const written = yield* walk.document(digest, inherited, "", []);
  return yield* walk.result(written);
}

/**
 * The common case: one index, nothing nested in it that is not skipped.
 * @throws OciError as `flattenIndex`
 */
export function readIndex(bytes: Uint8Array, options: ReadIndexOptions = {}): FlattenedIndex {
  return flattenIndex("", new Map([["", bytes]]), options);
}

/** The list of an index that is complete. */
export function listOf({ variants, warnings, written, unread }: VariantList): VariantList {
  return {
    variants,
    warnings,
    ...(written === undefined ? {} : { written }),
    ...(unread === undefined ? {} : { unread }),
  };
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
  readonly #unread: number[] = [];
  #entries = 0;
  #nested = 0;

  constructor(documents: ReadonlyMap<string, Uint8Array>, options: ReadIndexOptions) {
    this.#documents = documents;
    this.#options = options;
  }

  *document(
    digest: string,
    inherited: Inherited,
    prefix: string,
    path: readonly string[],
  ): Steps<readonly WrittenEntry[]> {
    const bytes = this.#documents.get(digest);
    if (bytes === undefined) {
      throw new OciError("MISSING_FIELD", `the index ${digest} is not among the documents handed in`);
    }
    const context = { options: this.#options, warnings: this.#warnings, budget: this.#budget };
    const entries = yield* readDocument(bytes, { inherited, prefix, ...context });
    const written: WrittenEntry[] = [];
    for (const [index, entry] of entries.entries()) {
      const place = `${prefix}manifests[${index}]`;
      const leads =
        entry.kind === "nested" ? yield* this.#enter(entry, place, [...path, digest]) : this.#entry(entry, place);
      if (entry.written !== undefined && !isUnknown(entry.written)) written.push({ ...entry.written, leads });
    }
    return written;
  }

  #entry(entry: Exclude<Entry, { kind: "nested" }>, place: string): Leads {
    if (this.#entries === maxEntries) {
      const message = `the index and those nested in it have more than ${maxEntries} entries`;
      throw new OciError("TOO_MANY_ENTRIES", message, { place });
    }
    const position = this.#entries;
    this.#entries += 1;
    if (entry.kind === "variant") {
      if (entry.unasked === true) this.#unidentified.push(descriptorOf(entry.variant));
      this.#variants.push({ ...entry.variant, position });
      return position;
    }
    if (entry.kind === "unidentified") this.#unidentified.push(entry.descriptor);
    else if (entry.sociImage !== undefined) this.#sociImages.add(entry.sociImage);
    const leads = entry.kind === "unidentified" ? "unread" : entry.leads;
    if (leads === "unread" && !(entry.kind === "skipped" && entry.told === true)) {
      this.#unread.push(position);
      this.#warnings.add(`${place} has no platform and is not chosen: its configuration was not read.`);
    }
    return leads;
  }

  *#enter(entry: Extract<Entry, { kind: "nested" }>, place: string, path: readonly string[]): Steps<Leads> {
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
      return yield* this.document(digest, entry.inherited, `${place} > `, path);
    }
    this.#missing.set(digest, entry.descriptor);
    return [];
  }

  *result(written: readonly WrittenEntry[]): Steps<FlattenedIndex> {
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
    const runtimes = isListOf(variants, written) ? {} : { written: written.map(detached) };
    const unread = this.#unread.length === 0 ? {} : { unread: this.#unread };
    const warnings = this.#warnings.list();
    return { complete: true, variants, warnings, unidentified: this.#unidentified, ...runtimes, ...unread };
  }
}

function descriptorOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** BuildKit's mark of what is no image: no host has this platform. */
function isUnknown({ platform }: Pick<WrittenEntry, "platform">): boolean {
  return platform?.os === "unknown" || platform?.architecture === "unknown";
}

/** Whether runtimes find there what the variants say, and nothing else. */
function isListOf(variants: readonly Variant[], written: readonly WrittenEntry[]): boolean {
  if (variants.length !== written.length) return false;
  return written.every(({ platform, raw, special, zstd, leads }, index) => {
    const variant = variants[index];
    if (platform === undefined || variant === undefined) return false;
    // We may read more than runtimes do: `i686` is 386 to us alone.
    const own = raw === undefined && special === undefined && samePlatform(platform, variant.platform);
    return own && leads === variant.position && (zstd === true) === (variant.format === "zstd");
  });
}

/**
 * A copy whose texts hold nothing of the document: V8 makes a part of a text a view of the whole, and one digest would
 * keep 4 MiB in memory. A Variant is plain JSON, as what is written.
 */
function detached<T extends Variant | WrittenEntry>(value: T): T {
  return JSON.parse(JSON.stringify(value));
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
