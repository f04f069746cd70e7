import type { Feature } from "../hardware/feature.ts";
import { compareAccelerator, compareIsa, type FeatureClass, featureClass } from "../hardware/rank.ts";
import { compareVersions } from "../hardware/version.ts";
import type { Format, Variant } from "../oci/variant.ts";
import type { RankingRule } from "./selection.ts";

/** Everything that the rules look at. */
export interface Ranked {
  readonly variant: Variant;
  readonly alternatives: number;
  /** One feature per group, by class: the alternative that the machine satisfies best. */
  readonly byClass: ReadonlyMap<FeatureClass, readonly Feature[]>;
  /** 0 is the format that serves best on these machines. */
  readonly formatRank: number;
}

/** Positive when `a` is the better, 0 when this rule says nothing. A total preorder each. */
type Compare = (a: Ranked, b: Ranked) => number;

/** Rule 3 of the ranking, in order: the first that tells two variants apart decides. */
export const rules: readonly (readonly [RankingRule, Compare])[] = [
  ["priority", (a, b) => a.variant.priority - b.variant.priority],
  ["accelerator", (a, b) => compareAcceleratorLists(classOf(a, "accelerator"), classOf(b, "accelerator"))],
  ["equality", (a, b) => classOf(a, "equality").length - classOf(b, "equality").length],
  ["isa", (a, b) => compareIsa(classOf(a, "isa"), classOf(b, "isa"))],
  ["version", (a, b) => compareVersionLists(classOf(a, "version"), classOf(b, "version"))],
  ["groups", (a, b) => a.variant.requires.length - b.variant.requires.length],
  ["alternatives", (a, b) => b.alternatives - a.alternatives],
  ["format", (a, b) => b.formatRank - a.formatRank],
  ["position", (a, b) => b.variant.position - a.variant.position],
];

/** Which alternative of one group is the better; they share a class, as a group holds one namespace (or nvcap, nvptx). */
export function compareWithinGroup(a: Feature, b: Feature): number {
  switch (featureClass(a)) {
    case "accelerator":
      return compareAccelerator(a, b);
    case "isa":
      return compareIsa([a], [b]);
    case "version":
      return compareVersions(a.value, b.value);
    case "equality":
      return 0;
  }
}

/** Sorts features into their classes, the best accelerator first. */
export function classify(features: readonly Feature[]): ReadonlyMap<FeatureClass, readonly Feature[]> {
  const byClass = new Map<FeatureClass, Feature[]>();
  for (const feature of features) {
    const name = featureClass(feature);
    const list = byClass.get(name);
    if (list === undefined) {
      byClass.set(name, [feature]);
    } else {
      list.push(feature);
    }
  }
  byClass.get("accelerator")?.sort((a, b) => compareAccelerator(b, a));
  return byClass;
}

/** How well a format serves: what the machine's snapshotter is made for, then plain, then what any runtime unpacks. */
export function formatRank(format: Format, declared: boolean): number {
  return declared ? 0 : formats.indexOf(format) + 1;
}

const formats: readonly Format[] = ["plain", "soci", "estargz", "zstd", "erofs", "nydus"];

const none: readonly Feature[] = [];

function classOf(ranked: Ranked, name: FeatureClass): readonly Feature[] {
  return ranked.byClass.get(name) ?? none;
}

/** The best of each against the best of the other, then the next; having one more wins. */
function compareAcceleratorLists(a: readonly Feature[], b: readonly Feature[]): number {
  for (const [index, feature] of a.entries()) {
    const other = b[index];
    if (other === undefined) {
      return 1;
    }
    const order = compareAccelerator(feature, other);
    if (order !== 0) {
      return order;
    }
  }
  return a.length - b.length;
}

/** Namespace by namespace in alphabetical order: to require one is more than not to, then the higher version. */
function compareVersionLists(a: readonly Feature[], b: readonly Feature[]): number {
  const namespaces = new Set([...a, ...b].map((feature) => feature.namespace));
  for (const namespace of [...namespaces].sort()) {
    const order = compareHighest(highest(a, namespace), highest(b, namespace));
    if (order !== 0) {
      return order;
    }
  }
  return 0;
}

function compareHighest(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined);
  }
  return compareVersions(a, b);
}

function highest(features: readonly Feature[], namespace: string): string | undefined {
  const values = features.filter((feature) => feature.namespace === namespace).map((feature) => feature.value);
  return values.sort((x, y) => compareVersions(y, x))[0];
}
