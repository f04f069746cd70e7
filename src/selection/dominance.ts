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

/** All that require the same, however it is written. */
export interface Alike {
  /** Ids of its groups, the rarest first: most of those that do not cover it lack that one. */
  readonly own: readonly number[];
  /** By id of a group: 1 where it is implied. Empty until `cover`. */
  covered: Uint8Array;
}

/**
 * Rule 2 of the ranking. `a` dominates `b` where everything that `b` requires is implied by what `a` requires, and not
 * the other way round: `cpu:skylake` dominates `cpu:broadwell`, and everything dominates what requires nothing. A
 * strict partial order: irreflexive and, because implication is transitive, transitive.
 *
 * Whom a variant covers is worked out once for each group that it has, so that comparing all with all asks for a few
 * members of a row; variants that are alike are compared once.
 */
export class Dominance {
  readonly #implications: Implications;
  readonly #ids = new Map<string, number>();
  readonly #groups: ReducedGroup[] = [];
  readonly #byKey = new Map<string, Alike>();
  readonly #byVariant = new Map<Reduced, Alike>();
  readonly #implied: (readonly number[] | undefined)[] = [];

  /** Knows these, and no others. */
  constructor(variants: readonly Reduced[], implications: Implications) {
    this.#implications = implications;
    const ids = variants.map((variant) => [...new Set(variant.reduced.map((group) => this.#idOf(group)))]);
    const frequency = new Uint32Array(this.#groups.length);
    for (const id of ids.flat()) frequency[id] = (frequency[id] ?? 0) + 1;
    for (const [index, variant] of variants.entries()) {
      const own = (ids[index] ?? []).sort((a, b) => (frequency[a] ?? 0) - (frequency[b] ?? 0) || a - b);
      const key = own.join(" ");
      const alike = this.#byKey.get(key) ?? { own, covered: new Uint8Array() };
      this.#byKey.set(key, alike);
      this.#byVariant.set(variant, alike);
    }
  }

  /** Those that differ, with all of the variants in one of them. */
  get all(): readonly Alike[] {
    return [...this.#byKey.values()];
  }

  of(variant: Reduced): Alike {
    const alike = this.#byVariant.get(variant);
    if (alike === undefined) throw new Error("a variant that the dominance does not know");
    return alike;
  }

  /** To be called for each before it is compared; some of the work for it. */
  cover(alike: Alike): void {
    alike.covered = new Uint8Array(this.#groups.length);
    for (const id of alike.own) for (const other of this.#impliedBy(id)) alike.covered[other] = 1;
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

export function dominates(a: Alike, b: Alike): boolean {
  return a !== b && covered(b, a) && !covered(a, b);
}

/** Whether everything that the loser requires is implied by what the winner does. */
function covered(loser: Alike, winner: Alike): boolean {
  for (const id of loser.own) if (winner.covered[id] !== 1) return false;
  return true;
}
