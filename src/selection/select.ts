import type { Feature } from "../hardware/feature.ts";
import { createOffer, type Offer } from "../hardware/offer.ts";
import type { Platform } from "../hardware/platform.ts";
import type { Variant } from "../oci/variant.ts";
import { noChoice } from "./choice.ts";
import { type Fit, fitAll, type Misfit } from "./fit.ts";
import { type Prepared, prepare } from "./prepare.ts";
import * as reason from "./reason.ts";
import type { Outcome, Selection, SelectionCode } from "./selection.ts";
import { type Ranking, rank } from "./winner.ts";

/** The facts of a machine that a selection needs; a Profile has them, with or without its accelerators. */
export interface Machine {
  readonly platform: Platform;
  readonly features: readonly Feature[];
}

/** The best variant for one machine. Hand in `prepare(…)`'s result where the same index is asked about again. */
export function select(variants: Prepared | readonly Variant[], machine: Machine): Selection {
  return selectForOffers(asPrepared(variants), [offerOf(machine)]);
}

/**
 * The best variant that every machine can run: for a Pod that may land on any of them and cannot be changed later.
 * Without any machine, nothing fits.
 */
export function selectCommon(variants: Prepared | readonly Variant[], machines: readonly Machine[]): Selection {
  return selectForOffers(asPrepared(variants), machines.map(offerOf));
}

/** The same for machines whose offers are compiled already. */
function selectForOffers(prepared: Prepared, offers: readonly Offer[]): Selection {
  if (offers.length === 0) {
    return withoutMachines(prepared);
  }
  const entries = fitAll(prepared, offers);
  const leave = noChoice(entries, prepared);
  const ranking = rank(
    entries.filter((entry) => entry.fits),
    prepared,
    offers,
  );
  if (leave !== undefined || (ranking === undefined && eachIsLeftToItsRuntime(prepared, offers))) {
    const code = leave?.code ?? "runtime-matched";
    const text =
      leave?.code === "format-only"
        ? reason.formatOnlyReason(leave.formats)
        : reason.runtimeMatchedReason(reason.platformsText(offers));
    return answer(prepared, entries, ranking, code, text);
  }
  const code = codeOf(entries, ranking);
  return answer(prepared, entries, ranking, code, reasonOf(code, entries, ranking, offers));
}

function codeOf(entries: readonly (Fit | Misfit)[], ranking: Ranking | undefined): SelectionCode {
  if (ranking === undefined) {
    return "nothing-fits";
  }
  if (ranking.winner.variant.requires.length === 0) {
    return "generic";
  }
  return entries.filter((entry) => entry.fits).length === 1 ? "only-candidate" : "selected";
}

function reasonOf(
  code: SelectionCode,
  entries: readonly (Fit | Misfit)[],
  ranking: Ranking | undefined,
  offers: readonly Offer[],
): string {
  const misfits = entries.filter((entry) => !entry.fits);
  const platforms = reason.platformsText(offers);
  if (ranking === undefined) {
    return reason.nothingFitsReason(misfits, platforms);
  }
  const { variant } = ranking.winner;
  if (code === "generic") {
    return reason.genericReason(misfits, platforms);
  }
  return code === "only-candidate"
    ? reason.onlyCandidateReason(variant, entries.length)
    : reason.selectedReason(variant, entries.length - misfits.length, ranking.decidedBy);
}

function answer(
  prepared: Prepared,
  entries: readonly (Fit | Misfit)[],
  ranking: Ranking | undefined,
  code: SelectionCode,
  text: string,
): Selection {
  const rewrite = code === "selected" || code === "only-candidate" || code === "generic";
  return {
    selected: ranking?.winner.variant ?? null,
    action: rewrite ? "rewrite" : "leave",
    code,
    reason: text,
    considered: entries.map((entry) => outcomeOf(entry, ranking)),
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
function eachIsLeftToItsRuntime(prepared: Prepared, offers: readonly Offer[]): boolean {
  return offers.length > 1 && offers.every((offer) => noChoice(fitAll(prepared, [offer]), prepared) !== undefined);
}

function withoutMachines(prepared: Prepared): Selection {
  const text = "no machine was given to choose a build for";
  return {
    selected: null,
    action: "leave",
    code: "nothing-fits",
    reason: text,
    considered: prepared.variants.map(({ variant }) => ({
      variant,
      outcome: "incompatible",
      missing: [],
      platformMismatch: false,
    })),
    warnings: prepared.warnings,
  };
}

function offerOf(machine: Machine): Offer {
  return createOffer(machine.platform, machine.features);
}

function asPrepared(variants: Prepared | readonly Variant[]): Prepared {
  return "implications" in variants ? variants : prepare(variants);
}
