import type { Candidate } from "./candidate.ts";

/** Reads off a candidate the one thing that a partition is by. Undefined is a value of its own: absent. */
export type Reading = (candidate: Candidate) => string | undefined;

/** For each row of a new list the row that the same candidate had in the old one, or -1. */
export type Carried = Int32Array;

/**
 * The candidates grouped by one thing that some rule asks about (a label's value, a resource's amount, the taints). A
 * rule is evaluated at most once per group, and thousands of nodes then cost one pass over small integers. Built when
 * first asked for: O(candidates).
 */
export class Partition {
  /** Row of a candidate → its group. */
  readonly groups: Uint32Array;
  readonly #byValue: ReadonlyMap<string | undefined, number>;

  private constructor(groups: Uint32Array, byValue: ReadonlyMap<string | undefined, number>) {
    this.groups = groups;
    this.#byValue = byValue;
  }

  static of(candidates: readonly Candidate[], read: Reading): Partition {
    const groups = new Uint32Array(candidates.length);
    const byValue = new Map<string | undefined, number>();
    let row = 0;
    for (const candidate of candidates) groups[row++] = groupFor(byValue, read(candidate));
    return new Partition(groups, byValue);
  }

  /** How many groups there are; their numbers are below it. */
  get size(): number {
    return this.#byValue.size;
  }

  groupOf(value: string | undefined): number | undefined {
    return this.#byValue.get(value);
  }

  /**
   * This partition for a new list of candidates, reading only those that are new. Undefined where more than half of
   * the groups would be empty (names of nodes long gone): building afresh is better then.
   */
  carry(candidates: readonly Candidate[], carried: Carried, read: Reading): Partition | undefined {
    const groups = new Uint32Array(candidates.length);
    // The older partition may still be in use: its map stays as it is, and is copied only for a value it lacks.
    let byValue = this.#byValue;
    let copy: Map<string | undefined, number> | undefined;
    let row = 0;
    for (const candidate of candidates) {
      const before = carried[row] ?? -1;
      let group = before === -1 ? undefined : this.groups[before];
      if (group === undefined) {
        const value = read(candidate);
        group = byValue.get(value);
        if (group === undefined) {
          copy ??= new Map(byValue);
          group = groupFor(copy, value);
          byValue = copy;
        }
      }
      groups[row++] = group;
    }
    const seen = new Uint8Array(byValue.size);
    for (const group of groups) seen[group] = 1;
    let live = 0;
    for (const bit of seen) live += bit;
    return byValue.size > 2 * live + 16 ? undefined : new Partition(groups, byValue);
  }
}

function groupFor(byValue: Map<string | undefined, number>, value: string | undefined): number {
  let group = byValue.get(value);
  if (group === undefined) {
    group = byValue.size;
    byValue.set(value, group);
  }
  return group;
}
