import type { Spec } from "./draft.ts";

/** A field that two people changed, or one of them. */
export interface FieldChange {
  readonly field: string;
  /** As it was when one began; undefined: not there. */
  readonly before: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
  /** Both changed it, and not alike. */
  readonly clash: boolean;
}

/** The differences between what one began with, what one has now, and what somebody else has saved meanwhile. */
export function changesOf(before: Spec, mine: Spec, theirs: Spec): readonly FieldChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(mine), ...Object.keys(theirs)])].sort();
  return fields.flatMap((field) => {
    const [a, b, c] = [before[field], mine[field], theirs[field]];
    if (same(a, b) && same(a, c)) return [];
    return [{ field, before: a, mine: b, theirs: c, clash: !(same(a, b) || same(a, c) || same(b, c)) }];
  });
}

/** Whose value of a field is taken. */
export type Side = "mine" | "theirs";

/** Mine where I changed it, else theirs. */
export function firstChoice({ before, mine }: FieldChange): Side {
  return same(before, mine) ? "theirs" : "mine";
}

export function merge(mine: Spec, changes: readonly FieldChange[], sides: ReadonlyMap<string, Side>): Spec {
  const merged = new Map(Object.entries(mine));
  for (const change of changes) {
    const value = change[sides.get(change.field) ?? firstChoice(change)];
    if (value === undefined) merged.delete(change.field);
    else merged.set(change.field, value);
  }
  return Object.fromEntries(merged);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** With the keys of objects in order: a server may give them in another. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
