import type { ReducedGroup } from "./fit.ts";
import type { Implications } from "./prepare.ts";

interface Reduced {
  readonly reduced: readonly ReducedGroup[];
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

/**
 * Rule 2 of the ranking. `a` dominates `b` where everything that `b` requires is implied by what `a` requires, and not
 * the other way round: `cpu:skylake` dominates `cpu:broadwell`, and everything dominates what requires nothing. A
 * strict partial order: irreflexive and, because implication is transitive, transitive.
 *
 * Whom a variant covers is worked out once for each group that it has, so that comparing all with all asks for a few
 * members of a row.
 */
export class Dominance {
  readonly #implications: Implications;
  readonly #ids = new Map<string, number>();
  readonly #groups: ReducedGroup[] = [];
  readonly #own = new Map<Reduced, readonly number[]>();
  /** By variant: 1 for each group that it implies. */
  readonly #covered = new Map<Reduced, Uint8Array>();
  readonly #implied: (readonly number[] | undefined)[] = [];

  /** Knows these, and no others. */
  constructor(variants: readonly Reduced[], implications: Implications) {
    this.#implications = implications;
    for (const variant of variants)
      this.#own.set(variant, [...new Set(variant.reduced.map((group) => this.#idOf(group)))]);
  }

  /** To be called for each before it is compared; some of the work for it. */
  cover(variant: Reduced): void {
    const covered = new Uint8Array(this.#groups.length);
    for (const id of this.#own.get(variant) ?? []) for (const other of this.#impliedBy(id)) covered[other] = 1;
    this.#covered.set(variant, covered);
  }

  has(a: Reduced, b: Reduced): boolean {
    return this.#covers(a, b) && !this.#covers(b, a);
  }

  #covers(winner: Reduced, loser: Reduced): boolean {
    const covered = this.#covered.get(winner);
    return (this.#own.get(loser) ?? []).every((id) => covered?.[id] === 1);
  }

  #impliedBy(id: number): readonly number[] {
    const group = this.#groups[id] ?? [];
    this.#implied[id] ??= [...this.#groups.keys()].filter((other) =>
      groupImplies(group, this.#groups[other] ?? [], this.#implications),
    );
    return this.#implied[id] ?? [];
  }

  #idOf(group: ReducedGroup): number {
    const key = group.join(" ");
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#groups.length);
    return this.#groups.push(group) - 1;
  }
}
