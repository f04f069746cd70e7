import { type Feature, type FeatureGroup, formatFeature } from "../hardware/feature.ts";
import { type Offer, satisfies } from "../hardware/offer.ts";
import { platformFits } from "../hardware/platform.ts";
import type { Steps } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import { missingSnapshotter } from "./format.ts";
import type { FeatureId, Prepared, PreparedVariant } from "./prepare.ts";
import { compareWithinGroup } from "./rank.ts";

/** A group, reduced to what the machines satisfy of it: one alternative, or several where machines differ. */
export type ReducedGroup = readonly FeatureId[];

/** A variant that every machine asked about can run. */
export interface Fit extends PreparedVariant {
  readonly fits: true;
  /** True where a machine runs it only as runtimes fall back (arm on arm64, 386 on amd64). */
  readonly fallback: boolean;
  readonly reduced: readonly ReducedGroup[];
}

export interface Misfit extends PreparedVariant {
  readonly fits: false;
  readonly fallback: boolean;
  readonly missing: readonly FeatureGroup[];
  readonly platformMismatch: boolean;
  /** Set where all that is missing is the snapshotter of its format: what its groups are reduced to. */
  readonly exceptFormat?: readonly ReducedGroup[];
}

/**
 * Rule 1 of the ranking: os and architecture fit, and every group is satisfied, on every machine. A format that runs
 * only with its snapshotter fits where every machine declares that.
 */
export function* fitAll(prepared: Prepared, offers: readonly Offer[]): Steps<readonly (Fit | Misfit)[]> {
  const satisfied = new Satisfied(prepared.features, offers);
  const platforms = new Map<string, PlatformFit>();
  const fitOf = (entry: PreparedVariant): Fit | Misfit => {
    const platform = platformOf(entry.variant, offers, platforms);
    if (platform === "no") {
      return { ...entry, fits: false, fallback: false, missing: [], platformMismatch: true };
    }
    const fallback = platform === "fallback";
    const reduced: ReducedGroup[] = [];
    const missing: FeatureGroup[] = [];
    entry.groups.forEach((group, index) => {
      const best = reduce(group, prepared.features, satisfied, offers.length);
      const written = entry.variant.requires[index];
      if (best !== undefined) {
        reduced.push(best);
      } else if (written !== undefined) {
        missing.push(written);
      }
    });
    if (missing.length > 0) {
      return { ...entry, fits: false, fallback, missing, platformMismatch: false };
    }
    const snapshotter = missingSnapshotter(entry.variant.format, offers);
    return snapshotter === undefined
      ? { ...entry, fits: true, fallback, reduced }
      : { ...entry, fits: false, fallback, missing: [[snapshotter]], platformMismatch: false, exceptFormat: reduced };
  };
  const entries: (Fit | Misfit)[] = [];
  for (const entry of prepared.variants) {
    entries.push(fitOf(entry));
    yield;
  }
  return entries;
}

type PlatformFit = ReturnType<typeof platformFits>;

function platformOf(variant: Variant, offers: readonly Offer[], known: Map<string, PlatformFit>): PlatformFit {
  const { os, architecture, variant: level, osVersion } = variant.platform;
  const key = `${os}/${architecture}/${level ?? ""}/${osVersion ?? ""}`;
  let fit = known.get(key);
  if (fit === undefined) {
    const all = offers.map((offer) => platformFits(offer.platform, variant.platform));
    fit = all.includes("no") ? "no" : all.includes("fallback") ? "fallback" : "exact";
    known.set(key, fit);
  }
  return fit;
}

/** Undefined where some machine satisfies none of the alternatives. */
function reduce(
  group: readonly FeatureId[],
  features: readonly Feature[],
  satisfied: Satisfied,
  machines: number,
): ReducedGroup | undefined {
  const everywhere = bestOf(group, features, (id) => satisfied.byAll(id));
  if (everywhere !== undefined) {
    return [everywhere];
  }
  const each = new Set<FeatureId>();
  for (let machine = 0; machine < machines; machine += 1) {
    const best = bestOf(group, features, (id) => satisfied.by(id, machine));
    if (best === undefined) {
      return undefined;
    }
    each.add(best);
  }
  return [...each];
}

function bestOf(
  group: readonly FeatureId[],
  features: readonly Feature[],
  accept: (id: FeatureId) => boolean,
): FeatureId | undefined {
  let best: FeatureId | undefined;
  let bestFeature: Feature | undefined;
  for (const id of group) {
    const feature = features[id];
    if (feature === undefined || !accept(id)) {
      continue;
    }
    if (bestFeature === undefined || isBetter(feature, bestFeature)) {
      best = id;
      bestFeature = feature;
    }
  }
  return best;
}

/** Equally good alternatives are told apart by their text, so that their order in the group decides nothing. */
function isBetter(a: Feature, b: Feature): boolean {
  const order = compareWithinGroup(a, b);
  return order !== 0 ? order > 0 : formatFeature(a) < formatFeature(b);
}

/** Asks each machine about each feature once. */
class Satisfied {
  readonly #features: readonly Feature[];
  readonly #offers: readonly Offer[];
  readonly #all: Uint8Array;
  readonly #each: Uint8Array;

  constructor(features: readonly Feature[], offers: readonly Offer[]) {
    this.#features = features;
    this.#offers = offers;
    this.#all = new Uint8Array(features.length);
    this.#each = new Uint8Array(features.length * offers.length);
  }

  by(id: FeatureId, machine: number): boolean {
    const index = id * this.#offers.length + machine;
    if (this.#each[index] === 0) {
      const [feature, offer] = [this.#features[id], this.#offers[machine]];
      this.#each[index] = feature !== undefined && offer !== undefined && satisfies(offer, feature) ? 1 : 2;
    }
    return this.#each[index] === 1;
  }

  byAll(id: FeatureId): boolean {
    if (this.#all[id] === 0) {
      this.#all[id] = this.#offers.every((_, machine) => this.by(id, machine)) ? 1 : 2;
    }
    return this.#all[id] === 1;
  }
}
