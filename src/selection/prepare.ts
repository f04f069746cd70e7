import { type Feature, formatFeature } from "../hardware/feature.ts";
import { implies } from "../hardware/implies.ts";
import { formatPlatform } from "../hardware/platform.ts";
import { drain, type Steps } from "../oci/steps.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import type { WrittenEntry } from "../oci/written.ts";

/** The index of a feature in `Prepared.features`. Equal features have equal ids. */
export type FeatureId = number;

export interface PreparedVariant {
  readonly variant: Variant;
  /** `variant.requires`, by id. */
  readonly groups: readonly (readonly FeatureId[])[];
  readonly alternatives: number;
  /** Equal for variants that differ in digest and position only: the order of entries must not decide before the end. */
  readonly key: string;
}

/**
 * The part of a selection that depends on the index alone. Make it once per index digest and keep it with the index: it also
 * remembers which feature implies which.
 */
export interface Prepared {
  /** In the order of the index. */
  readonly variants: readonly PreparedVariant[];
  readonly features: readonly Feature[];
  readonly implications: Implications;
  readonly warnings: readonly string[];
  /** The entries as runtimes look at them. */
  readonly written: readonly WrittenEntry[];
  /** Whether some entry may be an image for any machine, and could not be read. */
  readonly unread: boolean;
}

/** The part of an index that selections look at. */
export type Listed = Pick<VariantList, "variants" | "written" | "unread"> & Partial<Pick<VariantList, "warnings">>;

/** Prepares an index; its warnings are handed on to every selection. */
export function prepare(list: Listed): Prepared {
  return drain(prepareInSteps(list));
}

/** The same in steps. */
export function* prepareInSteps({ variants, warnings = [], written, unread = [] }: Listed): Steps<Prepared> {
  const ids = new Map<string, FeatureId>();
  const features: Feature[] = [];
  const idOf = (feature: Feature): FeatureId => {
    const text = formatFeature(feature);
    const known = ids.get(text);
    if (known !== undefined) {
      return known;
    }
    ids.set(text, features.length);
    features.push(feature);
    return features.length - 1;
  };
  const prepared: PreparedVariant[] = [];
  for (const variant of variants) {
    const groups = variant.requires.map((group) => group.map(idOf));
    const alternatives = groups.reduce((sum, group) => sum + group.length, 0);
    prepared.push({ variant, groups, alternatives, key: keyOf(variant) });
    yield;
  }
  prepared.sort((a, b) => a.variant.position - b.variant.position);
  return {
    variants: prepared,
    features,
    implications: new Implications(features),
    warnings,
    written: written ?? prepared.map(({ variant }) => writtenOf(variant)),
    unread: unread.length > 0,
  };
}

function writtenOf({ platform, format, position }: Variant): WrittenEntry {
  return { platform, ...(format === "zstd" ? { zstd: true } : {}), leads: position };
}

function keyOf(variant: Variant): string {
  const groups = variant.requires.map((group) => group.map(formatFeature).sort().join("|")).sort();
  return JSON.stringify([formatPlatform(variant.platform), groups, variant.priority, variant.format]);
}

/** `hardware` answers each question once; rows are made when first needed. */
export class Implications {
  readonly #features: readonly Feature[];
  readonly #rows: (Uint8Array | undefined)[] = [];

  constructor(features: readonly Feature[]) {
    this.#features = features;
  }

  /** Whether every machine that satisfies `a` satisfies `b`. */
  has(a: FeatureId, b: FeatureId): boolean {
    if (a === b) {
      return true;
    }
    let row = this.#rows[a];
    if (row === undefined) {
      row = new Uint8Array(this.#features.length);
      this.#rows[a] = row;
    }
    if (row[b] === 0) {
      const [one, other] = [this.#features[a], this.#features[b]];
      row[b] = one !== undefined && other !== undefined && implies(one, other) ? 1 : 2;
    }
    return row[b] === 1;
  }
}
