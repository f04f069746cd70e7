import type { Feature } from "../hardware/feature.ts";
import type { Offer } from "../hardware/offer.ts";
import type { Steps } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import { type Alike, Dominance, dominates } from "./dominance.ts";
import type { Fit, ReducedGroup } from "./fit.ts";
import { isDeclared } from "./format.ts";
import type { Prepared } from "./prepare.ts";
import { classify, compareWithinGroup, formatRank, type Ranked, rules } from "./rank.ts";
import type { RankingRule } from "./selection.ts";

export interface Defeat {
  readonly by: Variant;
  readonly rule: RankingRule;
}

export interface Ranking {
  readonly winner: Fit;
  /** Everyone but the winner. */
  readonly defeats: ReadonlyMap<Fit, Defeat>;
  /** The last rule that told anyone from the winner; undefined where there was no other. */
  readonly decidedBy: RankingRule | undefined;
}

/** Comparisons in one step. */
const comparisons = 64;

interface Contender extends Ranked {
  readonly fit: Fit;
}

/** Finds the best of those that fit. Undefined for none. */
export function* rank(fits: readonly Fit[], prepared: Prepared, offers: readonly Offer[]): Steps<Ranking | undefined> {
  // Not in the order of the index: whatever the rules leave undecided on the way must not depend on it.
  const sorted = [...fits].sort((a, b) => compareText(a.key, b.key) || a.variant.position - b.variant.position);
  const lost = new Map<Fit, { by: Fit | undefined; rule: RankingRule }>();

  const own = withoutFallback(sorted, lost);
  const undominated = yield* withoutDominated(own, prepared, lost);
  const contenders: Contender[] = [];
  for (const fit of undominated) {
    contenders.push(contender(fit, prepared, offers));
    yield;
  }
  const left = yield* byRules(contenders, lost);
  const [winner] = left;
  if (winner === undefined) {
    return undefined;
  }
  const defeats = new Map<Fit, Defeat>();
  let decidedBy: RankingRule | undefined;
  for (const [fit, { by, rule }] of lost) {
    defeats.set(fit, { by: (by ?? winner.fit).variant, rule });
    decidedBy = decidedBy === undefined || order(rule) > order(decidedBy) ? rule : decidedBy;
  }
  return { winner: winner.fit, defeats, decidedBy };
}

/** `by: undefined` stands for the winner, who is not known yet. */
type Lost = Map<Fit, { by: Fit | undefined; rule: RankingRule }>;

const earlyRules: readonly RankingRule[] = ["fallback-platform", "dominance"];

function order(rule: RankingRule): number {
  const early = earlyRules.indexOf(rule);
  return early !== -1 ? early : earlyRules.length + rules.findIndex(([name]) => name === rule);
}

function withoutFallback(fits: readonly Fit[], lost: Lost): readonly Fit[] {
  const own = fits.filter((fit) => !fit.fallback);
  if (own.length === 0) {
    return fits;
  }
  for (const fit of fits.filter((one) => one.fallback)) {
    lost.set(fit, { by: undefined, rule: "fallback-platform" });
  }
  return own;
}

function* withoutDominated(fits: readonly Fit[], prepared: Prepared, lost: Lost): Steps<readonly Fit[]> {
  const dominance = new Dominance(fits, prepared.implications);
  const { all } = dominance;
  for (const alike of all) {
    dominance.cover(alike);
    yield;
  }
  const dominated = new Set<Alike>();
  for (const alike of all) {
    if (all.some((other) => dominates(other, alike))) dominated.add(alike);
    yield;
  }
  const left = fits.filter((fit) => !dominated.has(dominance.of(fit)));
  // In the order of those that are left: the first of those that are alike stands for them.
  const firsts = new Map<Alike, Fit>();
  for (const fit of left) if (!firsts.has(dominance.of(fit))) firsts.set(dominance.of(fit), fit);
  const remaining = [...firsts];
  const by = new Map<Alike, Fit | undefined>();
  for (const alike of dominated) {
    // A strict partial order over finitely many: whoever is dominated is so by one that is left.
    by.set(alike, remaining.find(([other]) => dominates(other, alike))?.[1]);
    yield;
  }
  for (const fit of fits) {
    const alike = dominance.of(fit);
    if (dominated.has(alike)) lost.set(fit, { by: by.get(alike), rule: "dominance" });
  }
  return left;
}

function* byRules(contenders: readonly Contender[], lost: Lost): Steps<readonly Contender[]> {
  let left = contenders;
  for (const [rule, compare] of rules) {
    if (left.length < 2) {
      break;
    }
    const best = yield* bestBy(compare, left);
    const kept: Contender[] = [];
    for (const [index, one] of left.entries()) {
      if (best === undefined || compare(best, one) <= 0) kept.push(one);
      else lost.set(one.fit, { by: undefined, rule });
      if (index % comparisons === 0) yield;
    }
    left = kept;
  }
  return left;
}

function* bestBy(
  compare: (a: Ranked, b: Ranked) => number,
  contenders: readonly Contender[],
): Steps<Contender | undefined> {
  let [best] = contenders;
  for (const [index, one] of contenders.entries()) {
    if (best === undefined || compare(one, best) > 0) best = one;
    if (index % comparisons === 0) yield;
  }
  return best;
}

function contender(fit: Fit, prepared: Prepared, offers: readonly Offer[]): Contender {
  const { format } = fit.variant;
  const features = fit.reduced.flatMap((group) => lowest(group, prepared.features));
  return {
    fit,
    variant: fit.variant,
    alternatives: fit.alternatives,
    byClass: classify(features),
    formatRank: formatRank(format, isDeclared(format, offers)),
  };
}

/** The least of alternatives that only together hold on all machines: it is all that the variant is worth. */
function lowest(group: ReducedGroup, features: readonly Feature[]): readonly Feature[] {
  const known = group.map((id) => features[id]).filter((feature) => feature !== undefined);
  const [first] = [...known].sort(compareWithinGroup);
  return first === undefined ? [] : [first];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
