import { further, type Write } from "./edit.ts";
import type { Path, Value } from "./value-text.ts";

/** A value to be written, or, where it has none, a place to be emptied. */
export interface Step extends Omit<Write, "value"> {
  readonly value: Value | undefined;
}

/**
 * All that is written and removed, in an order in which each path still leads to where it led before: values in their
 * places first, then items that go and come, the last one first, then further ones.
 */
export function inOrder(writes: readonly Write[], removals: readonly Path[]): readonly Step[] {
  const moving: readonly Step[] = [
    ...removals.map((path) => ({ path, value: undefined })),
    // Of those at one place the last one goes in first.
    ...writes.filter(({ insert }) => insert === true).toReversed(),
  ];
  return [
    ...writes.filter(({ path, insert }) => insert !== true && path.at(-1) !== further),
    ...moving.toSorted((left, right) => order(right.path, left.path)),
    ...writes.filter(({ path }) => path.at(-1) === further),
  ];
}

/** By the first key that differs; what is within comes after what it is in. */
function order(left: Path, right: Path): number {
  for (const [index, key] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (typeof key === "number" && typeof other === "number" && key !== other) return key - other;
    if (key !== other && `${key}` !== `${other}`) return `${key}` < `${other}` ? -1 : 1;
  }
  return left.length - right.length;
}

/** Carries a step out on a parsed value, with the maps that lead to its place. */
export function setIn(root: unknown, { path, value, insert }: Step): void {
  let node: unknown = root;
  for (const key of path.slice(0, -1)) node = memberOf(node, key);
  const last = path.at(-1);
  if (last === undefined || typeof node !== "object" || node === null) return;
  if (Array.isArray(node) && last === further) node.push(value);
  else if (Array.isArray(node) && insert === true) node.splice(Number(last), 0, value);
  // A hole would stay where an item is deleted as a member.
  else if (Array.isArray(node) && value === undefined) node.splice(Number(last), 1);
  else setMember(Object(node), last, value);
}

function setMember(members: Record<string, unknown>, key: string | number, value: Value | undefined): void {
  if (value === undefined) delete members[key];
  else members[key] = value;
}

/** The member of a map or list; a map gets an empty map where it has none. */
function memberOf(node: unknown, key: Path[number]): unknown {
  if (typeof node !== "object" || node === null) return undefined;
  const members: Record<string, unknown> = Object(node);
  if (!Array.isArray(node)) members[key] ??= {};
  return members[key];
}
