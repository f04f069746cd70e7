import { type Document, isMap, isNode, isPair, isScalar, isSeq } from "yaml";
import { type Edit, endOf } from "./edit.ts";
import type { Path } from "./value-text.ts";

/** A member of a map or list, with those beside it. */
interface Place {
  readonly flow: boolean;
  readonly member: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The edit of `text` that takes a member out of its map or list, with the comment in its line, and touches nothing else.
 * Undefined where that cannot be done: it is reached through an alias, stands behind a dash with others, or is alone in
 * block style.
 */
export function removalFor(text: string, document: Document.Parsed, path: Path): Edit | undefined {
  let node: unknown = document.contents;
  let place: Place | undefined;
  for (const key of path) {
    place = placeOf(node, key);
    node = isPair(place?.member) ? place.member.value : place?.member;
  }
  if (place === undefined) return undefined;
  return place.flow ? flowRemoval(text, place) : blockRemoval(text, place);
}

function placeOf(node: unknown, key: Path[number]): Place | undefined {
  if (!isMap(node) && !isSeq(node)) return undefined;
  const index = isMap(node)
    ? node.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key)
    : Number(key);
  const member = node.items[index];
  if (member === undefined) return undefined;
  return { flow: node.flow === true, member, before: node.items[index - 1], after: node.items[index + 1] };
}

/** With the comma before it, or the one after it where it is the first. */
function flowRemoval(text: string, { member, before, after }: Place): Edit | undefined {
  const [own, next] = [startOf(member), startOf(after)];
  const start = before === undefined ? own : endOf(before);
  const end = before === undefined && next !== undefined ? next : endOf(member);
  if (own === undefined || start === undefined || end === undefined) return undefined;
  // A comment between two members would go too.
  const between = before === undefined ? text.slice(endOf(member), end) : text.slice(start, own);
  return /^[\s,]*$/.test(between) ? { start, end, text: "" } : undefined;
}

/** Its lines, from its dash or key on. */
function blockRemoval(text: string, { member, before, after }: Place): Edit | undefined {
  const [own, last] = [startOf(member), endOf(member)];
  if (own === undefined || last === undefined || (before ?? after) === undefined) return undefined;
  const start = text.lastIndexOf("\n", own - 1) + 1;
  if (!(isPair(member) ? /^[ ]*$/ : /^[ ]*-[ ]+$/).test(text.slice(start, own))) return undefined;
  const lineEnd = text[last - 1] === "\n" ? last - 1 : text.indexOf("\n", last);
  return { start, end: lineEnd === -1 ? text.length : lineEnd + 1, text: "" };
}

function startOf(member: unknown): number | undefined {
  const node = isPair(member) ? member.key : member;
  return isNode(node) ? node.range?.[0] : undefined;
}
