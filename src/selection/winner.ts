import type { Feature } from "../hardware/feature.ts";
import type { Offer } from "../hardware/offer.ts";
import type { Variant } from "../oci/variant.ts";
import { dominates } from "./dominance.ts";
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

interface Contender extends Ranked {
  readonly fit: Fit;
}

/** Finds the best of those that fit. Undefined for none. */
export function rank(fits: readonly Fit[], prepared: Prepared, offers: readonly Offer[]): Ranking | undefined {
  // Not in the order of the index: whatever the rules leave undecided on the way must not depend on it.
  const sorted = [...fits].sort((a, b) => compareText(a.key, b.key) || a.variant.position - b.variant.position);
  const lost = new Map<Fit, { by: Fit | undefined; rule: RankingRule }>();

  const own = withoutFallback(sorted, lost);
  const undominated = withoutDominated(own, prepared, lost);
  const left = byRules(
    undominated.map((fit) => contender(fit, prepared, offers)),
    lost,
  );
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

function withoutDominated(fits: readonly Fit[], prepared: Prepared, lost: Lost): readonly Fit[] {
  const left = fits.filter(
    (fit) => !fits.some((other) => other !== fit && dominates(other, fit, prepared.implications)),
  );
  for (const fit of fits) {
    // A strict partial order over finitely many: whoever is dominated is so by one that is left.
    const by = left.find((other) => other !== fit && dominates(other, fit, prepared.implications));
    if (by !== undefined) {
      lost.set(fit, { by, rule: "dominance" });
    }
  }
  return left;
}

function byRules(contenders: readonly Contender[], lost: Lost): readonly Contender[] {
  let left = contenders;
  for (const [rule, compare] of rules) {
    const best = left.reduce<Contender | undefined>(
      (champion, one) => (champion === undefined || compare(one, champion) > 0 ? one : champion),
      undefined,
    );
    if (best === undefined || left.length === 1) {
      break;
    }
    left = left.filter((one) => {
      const keep = compare(best, one) <= 0;
      if (!keep) {
        lost.set(one.fit, { by: undefined, rule });
      }
      return keep;
    });
  }
  return left;
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
