import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { blockLines, flowPair, flowText, itemLines, type Path, scalarText, type Value } from "./value-text.ts";

/** A piece of a text, by offsets, and what stands there afterwards. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A value to be written into a document: an existing one replaced, or one added with the maps that lead to it. Where the
 * path ends with `further`, it becomes a further item of the list there.
 */
export interface Write {
  readonly path: Path;
  readonly value: Value;
  /** The value becomes an item before the one at this path. Paths are those of the document before anything was written. */
  readonly insert?: true;
}

/** The place after a list's last item, as patches name it (RFC 6902, section 4.1). */
export const further = "-";

/** The text with edits made, which do not overlap. Those at one place keep their order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let offset = 0;
  for (const edit of sorted(edits)) {
    result += text.slice(offset, edit.start) + edit.text;
    offset = edit.end;
  }
  return result + text.slice(offset);
}

/** Whether each edit ends before the next one begins. */
export function areApart(edits: readonly Edit[]): boolean {
  return sorted(edits).every((edit, index, all) => index === 0 || (all[index - 1]?.end ?? 0) <= edit.start);
}

function sorted(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((left, right) => left.start - right.start || left.end - right.end);
}

/**
 * The edits of `text` that write a value at its place, in the style of what stands around it, and touch nothing else.
 * Undefined where that cannot be done: the place is reached through an alias or a merge key.
 */
export function editFor(text: string, document: Document.Parsed, { path, value, insert }: Write): Edit | undefined {
  const { contents } = document;
  const around: Surroundings = { text, json: isMap(contents) && contents.flow === true && isJson(contents) };
  const [last, list] = [path.at(-1), nodeAt(contents, path.slice(0, -1))];
  if (isSeq(list) && last === further) return addItem(around, list, list.items.length, value);
  if (insert === true) return isSeq(list) ? addItem(around, list, Number(last), value) : undefined;
  let node: unknown = contents;
  for (const [index, key] of path.entries()) {
    if (isMap(node)) {
      const { pair, edit } = memberOrEdit(around, node, path.slice(index), value);
      if (pair === undefined) return edit;
      node = pair.value;
    } else node = itemOf(node, key);
  }
  return typeof value === "object" ? undefined : replaceScalar(node, value);
}

/** The text that an edit stands in, and whether it is JSON. */
interface Surroundings {
  readonly text: string;
  readonly json: boolean;
}

function nodeAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => (isMap(node) ? pairOf(node, key)?.value : itemOf(node, key)), root);
}

function pairOf(map: YAMLMap, key: Path[number]): YAMLMap["items"][number] | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === key);
}

/** The member that a path goes on in; or, where the map has none, the edit that writes it. */
function memberOrEdit(
  around: Surroundings,
  map: YAMLMap,
  path: Path,
  value: Value,
): { readonly pair?: YAMLMap["items"][number]; readonly edit?: Edit | undefined } {
  const [key = "", ...rest] = path;
  const pair = pairOf(map, key);
  if (pair !== undefined && !isEmpty(pair.value)) return { pair };
  const inside = nested(rest.map(String), value);
  return { edit: pair === undefined ? insertPair(around, map, String(key), inside) : fillPair(pair, inside) };
}

function itemOf(node: unknown, key: Path[number]): unknown {
  return isSeq(node) && typeof key === "number" ? node.items[key] : undefined;
}

function replaceScalar(node: unknown, value: string | number | boolean): Edit | undefined {
  if ((!isScalar(node) && !isAlias(node)) || !node.range) return undefined;
  const [start, end] = node.range;
  return { start, end, text: scalarText(value, isScalar(node) ? node.type : undefined) };
}

/** A value inside of the maps that lead to it. */
function nested(keys: readonly string[], value: Value): Value {
  return keys.reduceRight<Value>((inner, key) => ({ [key]: inner }), value);
}

/** A pair added to a map: a block map gets lines after its last one, a flow map a place before its brace. */
function insertPair({ text, json }: Surroundings, map: YAMLMap, key: string, value: Value): Edit | undefined {
  const [first] = map.items;
  const last = endOf(map.items.at(-1));
  const { range } = map;
  if (range === undefined || range === null) return undefined;
  if (map.flow === true) {
    const at = last ?? range[1] - 1;
    return { start: at, end: at, text: (last === undefined ? "" : ", ") + flowPair(key, value, json || isJson(map)) };
  }
  if (last === undefined || !isNode(first?.key) || !first.key.range) return undefined;
  return insertLines(text, last, blockLines({ [key]: value }, indentAt(text, first.key.range[0])));
}

/** An item added to a list that has some, behind that many of them, in the style of the one that it follows. */
function addItem({ text, json }: Surroundings, list: YAMLSeq, behind: number, value: Value): Edit | undefined {
  const item = list.items[Math.max(0, behind - 1)];
  const last = endOf(item);
  const { range } = list;
  if (last === undefined || range === undefined || range === null || !isNode(item) || !item.range) return undefined;
  const flow = flowText(value, json || isJson(item));
  if (list.flow === true) {
    const [first] = item.range;
    return behind === 0
      ? { start: first, end: first, text: `${flow}, ` }
      : { start: last, end: last, text: `, ${flow}` };
  }
  // A list in block style begins with its first dash.
  const indent = indentAt(text, range[0]);
  const lines = isMap(item) && item.flow === true ? [`${indent}- ${flow}`] : itemLines(value, indent);
  return behind === 0 ? insertBefore(text, range[0], lines) : insertLines(text, last, lines);
}

/** Lines before the one that a place is in, and before the comments that stand right above it. */
function insertBefore(text: string, place: number, lines: readonly string[]): Edit | undefined {
  let start = text.lastIndexOf("\n", place - 1) + 1;
  // The list begins in the line of its key or dash: `- - x`.
  if (text.slice(start, place).trim() !== "") return undefined;
  while (start > 0) {
    const above = text.lastIndexOf("\n", start - 2) + 1;
    if (!/^[ \t]*#/.test(text.slice(above, start))) break;
    start = above;
  }
  const newline = newlineOf(text);
  return { start, end: start, text: lines.join(newline) + newline };
}

/** Lines after the one that holds the end of what stands before them. */
function insertLines(text: string, after: number, lines: readonly string[]): Edit {
  const newline = newlineOf(text);
  const added = lines.join(newline);
  if (text[after - 1] === "\n") return { start: after, end: after, text: added + newline };
  const lineEnd = text.indexOf("\n", after);
  if (lineEnd === -1) return { start: text.length, end: text.length, text: newline + added };
  return { start: lineEnd + 1, end: lineEnd + 1, text: added + newline };
}

function newlineOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** As many blanks as stand before a place in its line, dashes counted as blanks. */
function indentAt(text: string, place: number): string {
  return " ".repeat(place - (text.lastIndexOf("\n", place - 1) + 1));
}

/** `annotations:` and `annotations: null` get their value in flow style on that line. */
function fillPair(pair: YAMLMap["items"][number], value: Value): Edit | undefined {
  if (!isScalar(pair.key) || !pair.key.range) return undefined;
  const range = isScalar(pair.value) ? pair.value.range : undefined;
  const text = flowText(value, pair.key.type === Scalar.QUOTE_DOUBLE);
  if (range && range[1] > range[0]) return { start: range[0], end: range[1], text };
  const afterColon = pair.key.range[1] + 1;
  return { start: afterColon, end: afterColon, text: ` ${text}` };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (isScalar(value) && value.value === null);
}

function isJson(node: unknown): boolean {
  const key = isMap(node) ? node.items[0]?.key : node;
  return isScalar(key) && key.type === Scalar.QUOTE_DOUBLE;
}

/** Where the text of a pair or node ends: of a block collection, where its last member does. */
export function endOf(node: unknown): number | undefined {
  if (isPair(node))
    return endOf(node.value) ?? (isNode(node.key) && node.key.range ? node.key.range[1] + 1 : undefined);
  if ((isMap(node) || isSeq(node)) && node.flow !== true) return endOf(node.items.at(-1)) ?? node.range?.[1];
  return isNode(node) ? node.range?.[1] : undefined;
}
