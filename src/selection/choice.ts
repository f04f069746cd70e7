import { equivalent } from "./dominance.ts";
import type { Fit, Misfit } from "./fit.ts";
import type { Prepared } from "./prepare.ts";

/**
 * When there is no choice to make, nothing is touched. The question is asked about everything that a runtime could
 * take for these machines, fitting or not: a build for other hardware that a runtime would pick by mistake is a choice.
 *
 * - `runtime-matched`: runtimes match all that these variants require.
 * - `format-only`: they require the same and all fit, so whichever a runtime takes is as good; only formats differ.
 */
export function noChoice(
  entries: readonly (Fit | Misfit)[],
  prepared: Prepared,
): "runtime-matched" | "format-only" | undefined {
  const reachable = reachableByRuntime(entries);
  const fits = reachable.filter((entry) => entry.fits);
  const [first] = fits;
  if (first === undefined) {
    return reachable.length > 0 && reachable.every((entry) => entry.variant.runtimeMatched)
      ? "runtime-matched"
      : undefined;
  }
  const alike = fits.every(
    (fit) => fit.variant.priority === first.variant.priority && equivalent(fit, first, prepared.implications),
  );
  const formats = new Set(fits.map((fit) => fit.variant.format));
  if (reachable.every((entry) => entry.variant.runtimeMatched)) {
    return alike && formats.size > 1 ? "format-only" : "runtime-matched";
  }
  return fits.length === reachable.length && alike && formats.size > 1 ? "format-only" : undefined;
}

/** Runtimes fall back to another architecture only where their own has no entry at all. */
function reachableByRuntime(entries: readonly (Fit | Misfit)[]): readonly (Fit | Misfit)[] {
  const possible = entries.filter((entry) => entry.fits || !entry.platformMismatch);
  const own = possible.filter((entry) => !entry.fallback);
  return own.length > 0 ? own : possible;
}
