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

function sorted(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((left, right) => left.start - right.start || left.end - right.end);
}

/**
 * The edits of `text` that write a value at its place, in the style of what stands around it, and touch nothing else.
 * Undefined where that cannot be done: the place is reached through an alias or a merge key.
 */
export function editFor(text: string, document: Document.Parsed, { path, value }: Write): Edit | undefined {
  let node: unknown = document.contents;
  for (const [index, key] of path.entries()) {
    if (isSeq(node) && key === further) return appendItem(text, node, value);
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    if (isMap(node) && (pair === undefined || isEmpty(pair.value))) {
      const inside = nested(path.slice(index + 1).map(String), value);
      return pair === undefined ? insertPair(text, node, String(key), inside) : fillPair(pair, inside);
    }
    node = pair?.value ?? itemOf(node, key);
  }
  return typeof value === "object" ? undefined : replaceScalar(node, value);
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
function insertPair(text: string, map: YAMLMap, key: string, value: Value): Edit | undefined {
  const [first] = map.items;
  const last = endOf(map.items.at(-1));
  const { range } = map;
  if (range === undefined || range === null) return undefined;
  if (map.flow === true) {
    const at = last ?? range[1] - 1;
    return { start: at, end: at, text: (last === undefined ? "" : ", ") + flowPair(key, value, isJson(map)) };
  }
  if (last === undefined || !isNode(first?.key) || !first.key.range) return undefined;
  return insertLines(text, last, blockLines({ [key]: value }, indentAt(text, first.key.range[0])));
}

/** An item added to a list that has some, in the style of the last of them. */
function appendItem(text: string, list: YAMLSeq, value: Value): Edit | undefined {
  const item = list.items.at(-1);
  const last = endOf(item);
  const { range } = list;
  if (last === undefined || range === undefined || range === null) return undefined;
  const flow = flowText(value, isJson(item));
  if (list.flow === true) return { start: last, end: last, text: `, ${flow}` };
  // A list in block style begins with its first dash.
  const indent = indentAt(text, range[0]);
  const lines = isMap(item) && item.flow === true ? [`${indent}- ${flow}`] : itemLines(value, indent);
  return insertLines(text, last, lines);
}

/** Lines after the one that holds the end of what stands before them. */
function insertLines(text: string, after: number, lines: readonly string[]): Edit {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const added = lines.join(newline);
  if (text[after - 1] === "\n") return { start: after, end: after, text: added + newline };
  const lineEnd = text.indexOf("\n", after);
  if (lineEnd === -1) return { start: text.length, end: text.length, text: newline + added };
  return { start: lineEnd + 1, end: lineEnd + 1, text: added + newline };
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
  const key = isMap(node) ? node.items[0]?.key : undefined;
  return isScalar(key) && key.type === Scalar.QUOTE_DOUBLE;
}

/** Where the text of a pair or node ends: of a block collection, where its last member does. */
function endOf(node: unknown): number | undefined {
  if (isPair(node))
    return endOf(node.value) ?? (isNode(node.key) && node.key.range ? node.key.range[1] + 1 : undefined);
  if ((isMap(node) || isSeq(node)) && node.flow !== true) return endOf(node.items.at(-1)) ?? node.range?.[1];
  return isNode(node) ? node.range?.[1] : undefined;
}
