import { Scalar } from "yaml";
import { scalarKinds } from "../yaml/scalars.ts";

/** A path inside a document: keys and list positions. */
export type Path = readonly (string | number)[];

/** A value written into documents: JSON without null. */
export type Value = string | number | boolean | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** In flow style, on one line; as JSON where the quotes around it are double. */
export function flowText(value: Value, json: boolean): string {
  if (typeof value === "string") return memberText(value, json);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map((item) => flowText(item, json)).join(", ")}]`;
  const pairs = Object.entries(value).map(([key, member]) => flowPair(key, member, json));
  return `{${pairs.join(", ")}}`;
}

export function flowPair(key: string, value: Value, json: boolean): string {
  return `${json ? JSON.stringify(key) : key}: ${flowText(value, json)}`;
}

/** The lines of a map in block style, its lists as kubectl prints them: no further in than their key. */
export function blockLines(map: ValueMap, indent: string): readonly string[] {
  return Object.entries(map).flatMap(([key, member]) => {
    if (typeof member !== "object") return [`${indent}${key}: ${flowText(member, false)}`];
    if (isList(member)) return [`${indent}${key}:`, ...member.flatMap((item) => itemLines(item, indent))];
    return [`${indent}${key}:`, ...blockLines(member, `${indent}  `)];
  });
}

/** The lines of one item of a list in block style. */
export function itemLines(item: Value, indent: string): readonly string[] {
  if (typeof item !== "object" || isList(item)) return [`${indent}- ${flowText(item, false)}`];
  return blockLines(item, `${indent}  `).map((line, index) => {
    return index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line;
  });
}

/** The text that replaces a scalar, with the quotes that it had. */
export function scalarText(value: string | number | boolean, type: Scalar.Type | undefined): string {
  if (typeof value !== "string") return String(value);
  // References of images are plain scalars wherever they stand: no blank, no comma, no bracket, no quote.
  if ((type === undefined || type === Scalar.PLAIN) && /^[A-Za-z0-9][\w./:@-]*$/.test(value)) return value;
  return quoted(value, type === Scalar.QUOTE_DOUBLE);
}

/** Letters alone are plain, unless they are a word that means something else; digits may be a number. */
function memberText(value: string, json: boolean): string {
  const plain = /^[a-z][a-z./-]*$/i.test(value) && !scalarKinds.some(({ pattern }) => pattern.test(value));
  return plain && !json ? value : quoted(value, json);
}

/** In single quotes the JSON of the annotation stays readable. */
function quoted(value: string, json: boolean): string {
  return json || /[^\x20-\x7e]/.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
}
