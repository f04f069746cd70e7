import { isDeepStrictEqual } from "node:util";
import { diffArrays } from "diff";
import { isRecord, type JsonRecord } from "../../../json/object.ts";
import { further, type Write } from "../../../manifests/edit.ts";
import { isList, type Path, type Value } from "../../../manifests/value-text.ts";

/** Items that differ in one list; where more do, it is written anew. */
const mostDifferent = 500;

/** The steps from one value to another, in paths of the first. */
interface Differences {
  readonly writes: Write[];
  readonly removals: Path[];
}

/** The fewest writes and removals that make `after` of `before`: members of maps by their keys, lists item by item. */
export function differencesOf(before: unknown, after: JsonRecord, path: Path): Differences {
  const found: Differences = { writes: [], removals: [] };
  if (isRecord(before)) compareMaps(before, after, path, found);
  else found.writes.push({ path, value: written(after) ?? {} });
  return found;
}

function compareMaps(before: JsonRecord, after: JsonRecord, path: Path, found: Differences): void {
  for (const key of Object.keys(before)) {
    if (written(after[key]) === undefined) found.removals.push([...path, key]);
  }
  for (const [key, given] of Object.entries(after)) {
    const value = written(given);
    if (value !== undefined) compare(before[key], value, [...path, key], found);
  }
}

function compare(before: unknown, after: Value, path: Path, found: Differences): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isRecord(before) && isRecord(after) && Object.keys(before).length > 0) compareMaps(before, after, path, found);
  else if (Array.isArray(before) && isList(after) && before.length > 0) compareLists(before, after, path, found);
  else found.writes.push({ path, value: after });
}

/** An item that stays keeps its comment. As many new ones as there are former ones take the places of those. */
function compareLists(before: readonly unknown[], after: readonly Value[], path: Path, found: Differences): void {
  const hunks = hunksOf(before, after);
  if (hunks === undefined) {
    found.writes.push({ path, value: after });
    return;
  }
  for (const { at, old, now } of hunks) {
    for (const [index, item] of old.entries()) {
      const value = now[index];
      if (value === undefined) found.removals.push([...path, at + index]);
      else compare(item, value, [...path, at + index], found);
    }
    const next = at + old.length;
    for (const value of now.slice(old.length)) {
      if (next < before.length) found.writes.push({ path: [...path, next], value, insert: true });
      else found.writes.push({ path: [...path, further], value });
    }
  }
}

/** Items of a list that differ, and those in their stead. */
interface Hunk {
  /** The place of the first of them in the list before. */
  readonly at: number;
  readonly old: readonly unknown[];
  readonly now: readonly Value[];
}

/** Undefined where too many differ. */
function hunksOf(before: readonly unknown[], after: readonly Value[]): readonly Hunk[] | undefined {
  const options = { comparator: isDeepStrictEqual, maxEditLength: mostDifferent };
  const parts = diffArrays<unknown>([...before], [...after], options);
  if (parts === undefined) return undefined;
  const hunks: Hunk[] = [];
  let [at, to] = [0, 0];
  for (let index = 0; index < parts.length; index++) {
    const gone = parts[index]?.removed === true ? parts[index++] : undefined;
    // What comes in the stead of others stands right behind them.
    const come = parts[index]?.added === true ? parts[index++] : undefined;
    const [old, now] = [gone?.count ?? 0, come?.count ?? 0];
    if (old + now > 0) hunks.push({ at, old: before.slice(at, at + old), now: after.slice(to, to + now) });
    const same = parts[index]?.count ?? 0;
    at += old + same;
    to += now + same;
  }
  return hunks;
}

/** A value of JSON without its nulls: a field that is null is one that is not there. */
function written(given: unknown): Value | undefined {
  if (typeof given === "string" || typeof given === "number" || typeof given === "boolean") return given;
  if (Array.isArray(given)) return given.flatMap((item) => written(item) ?? []);
  if (!isRecord(given)) return undefined;
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, member]) => {
      const value = written(member);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}
