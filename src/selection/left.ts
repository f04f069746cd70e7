import type { Offer } from "../hardware/offer.ts";
import type { Platform } from "../hardware/platform.ts";
import { type NoChoice, noChoice } from "./choice.ts";
import { equivalent } from "./dominance.ts";
import type { Fit, Misfit } from "./fit.ts";
import type { Prepared } from "./prepare.ts";
import { distinctHosts, takenByAll } from "./runtimes/all.ts";
import type { Taken } from "./runtimes/taken.ts";
import type { Ranking } from "./winner.ts";

/** Why an image is left as written, and what runs then. */
export interface Left extends NoChoice {
  /** Retold with what containerd 2 takes as the winner. Undefined where nothing can be named. */
  readonly ranking: Ranking | undefined;
}

/**
 * An image is left as written where there is no choice to make, and where each runtime takes what we would have taken:
 * the very build, or another that requires the same. Which runtime a node has is not asked: it changes under the same
 * Pods, and a build that is named by its digest is the same to all. A runtime that takes nothing by itself is let be where
 * that is CRI-O alone: it takes less than the others do (nested indexes, fallbacks), and a rewritten image does not.
 * `misread` where one takes another entry, or one of the others none.
 */
export function leftToRuntimes(
  entries: readonly (Fit | Misfit)[],
  ranking: Ranking | undefined,
  prepared: Prepared,
  offers: readonly Offer[],
): Left | "misread" | undefined {
  const none = noChoice(entries, prepared);
  if (none === undefined) return undefined;
  if (ranking === undefined) return { ...none, ranking };
  const byPosition = new Map(entries.map((entry) => [entry.variant.position, entry]));
  const asGood = (taken: Taken): boolean => {
    const entry = typeof taken === "number" ? byPosition.get(taken) : undefined;
    return entry !== undefined && isAsGood(entry, ranking.winner, prepared);
  };
  const { named: takes, others, criO } = takenByAll(prepared.written, hostsOf(offers));
  const agree = [...takes, ...others].every(asGood) && criO.every((taken) => taken === "nothing" || asGood(taken));
  if (!agree) return "misread";
  const [first] = takes;
  const named =
    takes.every((taken) => taken === first) && typeof first === "number" ? byPosition.get(first) : undefined;
  return { ...none, ranking: named?.fits === true ? retold(ranking, named) : ranking };
}

/** Requires the same, and is preferred as much. A format may differ: whether a machine runs it, its runtime knows. */
function isAsGood(entry: Fit | Misfit, winner: Fit, prepared: Prepared): boolean {
  const reduced = entry.fits ? entry.reduced : entry.exceptFormat;
  return (
    reduced !== undefined &&
    entry.fallback === winner.fallback &&
    entry.variant.priority === winner.variant.priority &&
    equivalent({ reduced }, winner, prepared.implications)
  );
}

function hostsOf(offers: readonly Offer[]): readonly Platform[] {
  return distinctHosts(offers.map(({ platform }) => platform));
}

function retold(ranking: Ranking, winner: Fit): Ranking {
  if (winner === ranking.winner) return ranking;
  const defeats = new Map(ranking.defeats);
  defeats.delete(winner);
  defeats.set(ranking.winner, { by: winner.variant, rule: "position" });
  for (const [fit, defeat] of defeats) {
    if (defeat.by === ranking.winner.variant) defeats.set(fit, { ...defeat, by: winner.variant });
  }
  return { winner, defeats, decidedBy: "position" };
}

/**
 * Whether some runtime may find an image there that we cannot read, or takes something else for one: then nobody can say
 * that nothing fits.
 */
export function mayRunUnread(prepared: Prepared, offers: readonly Offer[]): boolean {
  if (prepared.unread) return true;
  const { named, others, criO } = takenByAll(prepared.written, hostsOf(offers));
  return [...named, ...others, ...criO].some((taken) => taken === "artifact" || taken === "unread");
}
