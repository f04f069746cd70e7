import { type Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, Scalar, type YAMLMap } from "yaml";
import type { Path } from "./workloads.ts";

/** A piece of a text, by offsets, and what stands there afterwards. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A value to be written into a document: an existing one replaced, or one added with the maps that lead to it. */
export interface Write {
  readonly path: Path;
  readonly value: string;
}

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

export function sorted(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((left, right) => left.start - right.start || left.end - right.end);
}

/**
 * The edits of `text` that write a value at its place, in the style of what stands around it, and touch nothing else.
 * Undefined where that cannot be done: the place is reached through an alias or a merge key.
 */
export function editFor(text: string, document: Document.Parsed, { path, value }: Write): Edit | undefined {
  let node: unknown = document.contents;
  for (const [index, key] of path.entries()) {
    const rest = path.slice(index);
    if (isSeq(node) && typeof key === "number") node = node.items[key];
    else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) return insertPair(text, node, rest.map(String), value);
      if (isEmpty(pair.value)) return fillPair(pair, rest.slice(1).map(String), value);
      node = pair.value;
    } else return undefined;
  }
  if (!isScalar(node) && !isAlias(node)) return undefined;
  const { range } = node;
  if (range === undefined || range === null) return undefined;
  return { start: range[0], end: range[1], text: scalarText(value, isScalar(node) ? node.type : undefined) };
}

/** A pair added to a map: a block map gets a line after its last one, a flow map a place before its brace. */
function insertPair(text: string, map: YAMLMap, keys: readonly string[], value: string): Edit | undefined {
  const first = map.items[0];
  const json = first !== undefined && isScalar(first.key) && first.key.type === Scalar.QUOTE_DOUBLE;
  const { range } = map;
  if (range === undefined || range === null) return undefined;
  if (map.flow === true) {
    const end = endOf(map.items.at(-1));
    const at = end ?? range[1] - 1;
    return { start: at, end: at, text: (end === undefined ? "" : ", ") + flowPair(keys, value, json) };
  }
  const end = endOf(map.items.at(-1));
  if (end === undefined || !isNode(first?.key) || !first.key.range) return undefined;
  const lineStart = text.lastIndexOf("\n", first.key.range[0] - 1) + 1;
  const indent = " ".repeat(first.key.range[0] - lineStart);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = blockPair(keys, value, indent).join(newline);
  if (text[end - 1] === "\n") return { start: end, end, text: lines + newline };
  const lineEnd = text.indexOf("\n", end);
  if (lineEnd === -1) return { start: text.length, end: text.length, text: newline + lines };
  return { start: lineEnd + 1, end: lineEnd + 1, text: lines + newline };
}

/** `annotations:` and `annotations: null` become a flow map on that line. */
function fillPair(pair: YAMLMap["items"][number], keys: readonly string[], value: string): Edit | undefined {
  if (!isScalar(pair.key) || !pair.key.range || keys.length === 0) return undefined;
  const range = isScalar(pair.value) ? pair.value.range : undefined;
  const map = `{${flowPair(keys, value, pair.key.type === Scalar.QUOTE_DOUBLE)}}`;
  if (range && range[1] > range[0]) return { start: range[0], end: range[1], text: map };
  const afterColon = pair.key.range[1] + 1;
  return { start: afterColon, end: afterColon, text: ` ${map}` };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (isScalar(value) && value.value === null);
}

function flowPair([key = "", ...rest]: readonly string[], value: string, json: boolean): string {
  const name = json ? JSON.stringify(key) : key;
  const inner = rest.length === 0 ? quoted(value, json) : `{${flowPair(rest, value, json)}}`;
  return `${name}: ${inner}`;
}

function blockPair([key = "", ...rest]: readonly string[], value: string, indent: string): readonly string[] {
  if (rest.length === 0) return [`${indent}${key}: ${quoted(value, false)}`];
  return [`${indent}${key}:`, ...blockPair(rest, value, `${indent}  `)];
}

function scalarText(value: string, type: Scalar.Type | undefined): string {
  // References of images are plain scalars wherever they stand: no blank, no comma, no bracket, no quote.
  if ((type === undefined || type === Scalar.PLAIN) && /^[A-Za-z0-9][\w./:@-]*$/.test(value)) return value;
  return quoted(value, type === Scalar.QUOTE_DOUBLE);
}

/** In single quotes the JSON of the annotation stays readable. */
function quoted(value: string, json: boolean): string {
  return json || /[^\x20-\x7e]/.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
}

/** Where the text of a pair or node ends: of a block collection, where its last member does. */
function endOf(node: unknown): number | undefined {
  if (isPair(node))
    return endOf(node.value) ?? (isNode(node.key) && node.key.range ? node.key.range[1] + 1 : undefined);
  if ((isMap(node) || isSeq(node)) && node.flow !== true) return endOf(node.items.at(-1)) ?? node.range?.[1];
  return isNode(node) ? node.range?.[1] : undefined;
}
