import type { Format } from "../oci/variant.ts";
import { equivalent } from "./dominance.ts";
import type { Fit, Misfit, ReducedGroup } from "./fit.ts";
import type { Prepared } from "./prepare.ts";

/** Why an image is left as written. */
export interface NoChoice {
  readonly code: "runtime-matched" | "format-only";
  /** Formats of what could be run, sorted. */
  readonly formats: readonly Format[];
}

/**
 * When there is no choice to make, nothing is touched. The question is asked about everything that a runtime could
 * take for these machines, fitting or not: a build for other hardware that a runtime would pick by mistake is a choice.
 *
 * - `runtime-matched`: runtimes match all that these variants require.
 * - `format-only`: they require the same and all fit, so whichever a runtime takes is as good; only formats differ.
 */
export function noChoice(entries: readonly (Fit | Misfit)[], prepared: Prepared): NoChoice | undefined {
  const reachable = reachableByRuntime(entries);
  // Whether a machine has the snapshotter of a format is for its runtime to know.
  const runnable = reachable.flatMap((entry) => {
    const reduced = entry.fits ? entry.reduced : entry.exceptFormat;
    return reduced === undefined ? [] : [{ variant: entry.variant, reduced }];
  });
  const [first] = runnable;
  if (first === undefined) {
    return undefined;
  }
  const same = (one: { readonly reduced: readonly ReducedGroup[] }) => equivalent(one, first, prepared.implications);
  const alike = runnable.every((one) => one.variant.priority === first.variant.priority && same(one));
  const formats = [...new Set(runnable.map((one) => one.variant.format))].sort();
  const byFormat = alike && formats.length > 1;
  if (reachable.every((entry) => entry.variant.runtimeMatched)) {
    return { code: byFormat ? "format-only" : "runtime-matched", formats };
  }
  return byFormat && runnable.length === reachable.length ? { code: "format-only", formats } : undefined;
}

/** Runtimes fall back to another architecture only where their own has no entry at all. */
function reachableByRuntime(entries: readonly (Fit | Misfit)[]): readonly (Fit | Misfit)[] {
  const possible = entries.filter((entry) => entry.fits || !entry.platformMismatch);
  const own = possible.filter((entry) => !entry.fallback);
  return own.length > 0 ? own : possible;
}
