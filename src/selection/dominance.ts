import type { ReducedGroup } from "./fit.ts";
import type { Implications } from "./prepare.ts";

interface Reduced {
  readonly reduced: readonly ReducedGroup[];
}

/**
 * Rule 2 of the ranking. `a` dominates `b` where everything that `b` requires is implied by what `a` requires, and not
 * the other way round: `cpu:skylake` dominates `cpu:broadwell`, and everything dominates what requires nothing. A
 * strict partial order: irreflexive and, because implication is transitive, transitive.
 */
export function dominates(a: Reduced, b: Reduced, implications: Implications): boolean {
  return covers(a.reduced, b.reduced, implications) && !covers(b.reduced, a.reduced, implications);
}

/** True where two variants require the same, however it is written. */
export function equivalent(a: Reduced, b: Reduced, implications: Implications): boolean {
  return covers(a.reduced, b.reduced, implications) && covers(b.reduced, a.reduced, implications);
}

function covers(winner: readonly ReducedGroup[], loser: readonly ReducedGroup[], implications: Implications): boolean {
  return loser.every((group) => winner.some((other) => groupImplies(other, group, implications)));
}

/** Whichever alternative of `a` holds, some alternative of `b` does. */
function groupImplies(a: ReducedGroup, b: ReducedGroup, implications: Implications): boolean {
  return a.every((one) => b.some((other) => implications.has(one, other)));
}
