import type { Feature } from "../hardware/feature.ts";
import { createOffer, type Offer } from "../hardware/offer.ts";
import type { Platform } from "../hardware/platform.ts";
import { drain, type Steps } from "../oci/steps.ts";
import type { Variant } from "../oci/variant.ts";
import { type Fit, fitAll, type Misfit } from "./fit.ts";
import { leftToRuntimes, mayRunUnread } from "./left.ts";
import { type Listed, type Prepared, prepare } from "./prepare.ts";
import * as reason from "./reason.ts";
import type { Choice, Outcome, Selection, SelectionCode } from "./selection.ts";
import { type Ranking, rank } from "./winner.ts";

/** The facts of a machine that a selection needs; a Profile has them, with or without its accelerators. */
export interface Machine {
  readonly platform: Platform;
  readonly features: readonly Feature[];
}

/** The best variant for one machine. Hand in `prepare(…)`'s result where the same index is asked about again. */
export function select(variants: Prepared | Listed | readonly Variant[], machine: Machine): Selection {
  return explained(asPrepared(variants), [offerOf(machine)]);
}

/**
 * The best variant that every machine can run: for a Pod that may land on any of them and cannot be changed later.
 * Without any machine, nothing fits.
 */
export function selectCommon(
  variants: Prepared | Listed | readonly Variant[],
  machines: readonly Machine[],
): Selection {
  return explained(asPrepared(variants), machines.map(offerOf));
}

/** `select` for one machine and `selectCommon` for several, in steps and without what only an explanation needs. */
export function* chooseInSteps(prepared: Prepared, machines: readonly Machine[]): Steps<Choice> {
  return (yield* selectForOffers(prepared, machines.map(offerOf))).choice;
}

/** A choice, and what it was made from. */
interface Chosen {
  readonly choice: Choice;
  readonly entries: readonly (Fit | Misfit)[];
  readonly ranking: Ranking | undefined;
}

function explained(prepared: Prepared, offers: readonly Offer[]): Selection {
  const { choice, entries, ranking } = drain(selectForOffers(prepared, offers));
  const { warnings, ...chosen } = choice;
  const considered =
    offers.length === 0
      ? prepared.variants.map(
          ({ variant }): Outcome => ({
            variant,
            outcome: "incompatible",
            missing: [],
            platformMismatch: false,
          }),
        )
      : entries.map((entry) => outcomeOf(entry, ranking));
  return { ...chosen, considered, warnings };
}

/** The same for machines whose offers are compiled already. */
function* selectForOffers(prepared: Prepared, offers: readonly Offer[]): Steps<Chosen> {
  if (offers.length === 0) {
    const choice = answer(prepared, undefined, "nothing-fits", "no machine was given to choose a build for");
    return { choice, entries: [], ranking: undefined };
  }
  const entries = yield* fitAll(prepared, offers);
  const ranking = yield* rank(
    entries.filter((entry) => entry.fits),
    prepared,
    offers,
  );
  yield;
  const left = leftToRuntimes(entries, ranking, prepared, offers);
  if (typeof left === "object") {
    const text =
      left.code === "format-only"
        ? reason.formatOnlyReason(left.formats)
        : reason.runtimeMatchedReason(reason.platformsText(offers));
    return { choice: answer(prepared, left.ranking, left.code, text), entries, ranking: left.ranking };
  }
  if (ranking === undefined) {
    return { choice: yield* withoutWinner(prepared, entries, offers), entries, ranking };
  }
  const code = codeOf(entries, ranking);
  const { variant } = ranking.winner;
  const text = left === "misread" ? reason.misreadReason(variant) : reasonOf(code, entries, ranking, offers);
  return { choice: answer(prepared, ranking, code, text), entries, ranking };
}

function* withoutWinner(
  prepared: Prepared,
  entries: readonly (Fit | Misfit)[],
  offers: readonly Offer[],
): Steps<Choice> {
  const platforms = reason.platformsText(offers);
  if (yield* eachIsLeftToItsRuntime(prepared, offers)) {
    return answer(prepared, undefined, "runtime-matched", reason.runtimeMatchedReason(platforms));
  }
  if (mayRunUnread(prepared, offers)) {
    return answer(prepared, undefined, "uncertain", reason.uncertainReason(platforms));
  }
  const misfits = entries.filter((entry) => !entry.fits);
  return answer(prepared, undefined, "nothing-fits", reason.nothingFitsReason(misfits, platforms));
}

function codeOf(entries: readonly (Fit | Misfit)[], ranking: Ranking): SelectionCode {
  if (ranking.winner.variant.requires.length === 0) {
    return "generic";
  }
  return entries.filter((entry) => entry.fits).length === 1 ? "only-candidate" : "selected";
}

function reasonOf(
  code: SelectionCode,
  entries: readonly (Fit | Misfit)[],
  ranking: Ranking,
  offers: readonly Offer[],
): string {
  const misfits = entries.filter((entry) => !entry.fits);
  const { variant } = ranking.winner;
  if (code === "generic") {
    return reason.genericReason(misfits, reason.platformsText(offers));
  }
  return code === "only-candidate"
    ? reason.onlyCandidateReason(variant, entries.length)
    : reason.selectedReason(variant, entries.length - misfits.length, ranking.decidedBy);
}

function answer(prepared: Prepared, ranking: Ranking | undefined, code: SelectionCode, text: string): Choice {
  const rewrite = code === "selected" || code === "only-candidate" || code === "generic";
  return {
    selected: ranking?.winner.variant ?? null,
    action: rewrite ? "rewrite" : "leave",
    code,
    reason: text,
    warnings: prepared.warnings,
  };
}

function outcomeOf(entry: Fit | Misfit, ranking: Ranking | undefined): Outcome {
  const { variant } = entry;
  if (!entry.fits) {
    return { variant, outcome: "incompatible", missing: entry.missing, platformMismatch: entry.platformMismatch };
  }
  const defeat = ranking?.defeats.get(entry);
  return defeat === undefined ? { variant, outcome: "selected" } : { variant, outcome: "outranked", ...defeat };
}

/** An ordinary multi-platform image: no one variant is common, and none has to be. */
function* eachIsLeftToItsRuntime(prepared: Prepared, offers: readonly Offer[]): Steps<boolean> {
  if (offers.length < 2) return false;
  for (const offer of offers) {
    const { choice } = yield* selectForOffers(prepared, [offer]);
    if (choice.action === "rewrite" || isUnfit(choice)) return false;
  }
  return true;
}

function isUnfit({ code }: Choice): boolean {
  return code === "nothing-fits" || code === "uncertain";
}

function offerOf(machine: Machine): Offer {
  return createOffer(machine.platform, machine.features);
}

function asPrepared(index: Prepared | Listed | readonly Variant[]): Prepared {
  if ("implications" in index) return index;
  return prepare("variants" in index ? index : { variants: index });
}
