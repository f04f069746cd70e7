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
  /** With what each added and without what either took away, where that can be told. */
  readonly both: unknown;
  /** Both took the same away, and may have put something else in its place: `both` has two of it then. */
  readonly replaced: boolean;
}

/** Fields whose values are sets of texts. */
const sets = new Set(["features"]);

/** The differences between what one began with, what one has now, and what somebody else has saved meanwhile. */
export function changesOf(before: Spec, mine: Spec, theirs: Spec): readonly FieldChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(mine), ...Object.keys(theirs)])].sort();
  return fields.flatMap((field) => {
    const [a, b, c] = [before[field], mine[field], theirs[field]];
    if (same(a, b) && same(a, c)) return [];
    const clash = !(same(a, b) || same(a, c) || same(b, c));
    const joined = clash && sets.has(field) ? joinedOf(textsOf(a), textsOf(b), textsOf(c)) : noneJoined;
    return [{ field, before: a, mine: b, theirs: c, clash, ...joined }];
  });
}

const noneJoined = { both: undefined, replaced: false };

function joinedOf(before: readonly string[], mine: readonly string[], theirs: readonly string[]) {
  const added = mine.filter((one) => !before.includes(one) && !theirs.includes(one));
  const kept = theirs.filter((one) => !before.includes(one) || mine.includes(one));
  const replaced = before.some((one) => !mine.includes(one) && !theirs.includes(one));
  return { both: [...kept, ...added], replaced };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Whose value of a field is taken. */
export type Side = "mine" | "theirs" | "both";

/** Those that can be taken, in the order in which they are offered. */
export function sidesOf({ both }: FieldChange): readonly Side[] {
  return both === undefined ? ["mine", "theirs"] : ["both", "mine", "theirs"];
}

/** Whose change is taken where nobody chose: of one that only one made, theirs or mine. Undefined: a person must choose. */
export function firstChoice({ before, mine, theirs, clash, both, replaced }: FieldChange): Side | undefined {
  if (clash) return both === undefined || replaced ? undefined : "both";
  return same(before, mine) && !same(mine, theirs) ? "theirs" : "mine";
}

/** Undefined while a field waits for a choice: no change of either is dropped unseen. */
export function merge(mine: Spec, changes: readonly FieldChange[], sides: ReadonlyMap<string, Side>): Spec | undefined {
  const merged = new Map(Object.entries(mine));
  for (const change of changes) {
    const side = sides.get(change.field) ?? firstChoice(change);
    if (side === undefined) return undefined;
    const value = change[side];
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
