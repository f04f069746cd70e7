import { isDeepStrictEqual } from "node:util";
import { isRecord, type JsonRecord } from "../../../json/object.ts";
import { applyEdits, type Write } from "../../../manifests/edit.ts";
import { editDocument } from "../../../manifests/edit-document.ts";
import { type ManifestDocument, readManifests } from "../../../manifests/parse.ts";
import type { Path, Value } from "../../../manifests/value-text.ts";

/** An object in one of a folder's files. */
export interface FiledObject {
  /** The file. */
  readonly place: string;
  /** The text of the whole file. */
  readonly text: string;
  readonly document: ManifestDocument;
  /** Where the object begins in its document: empty, or an item of a List. */
  readonly path: Path;
  readonly object: JsonRecord;
}

/**
 * The text of the file with another spec in the object: what does not differ keeps its place, its comments and its
 * spelling, and other documents are not touched.
 */
export function withSpec({ text, document, path, object }: FiledObject, spec: JsonRecord): string {
  const writes: Write[] = [];
  const removals: Path[] = [];
  const before = object["spec"];
  if (isRecord(before)) compare(before, spec, [...path, "spec"], writes, removals);
  else writes.push({ path: [...path, "spec"], value: valueOf(spec) ?? {} });
  if (writes.length + removals.length === 0) return text;
  return applyEdits(text, editDocument(text, document, writes, removals).edits);
}

function compare(before: JsonRecord, after: JsonRecord, path: Path, writes: Write[], removals: Path[]): void {
  for (const key of Object.keys(before)) {
    if (valueOf(after[key]) === undefined) removals.push([...path, key]);
  }
  for (const [key, written] of Object.entries(after)) {
    const [known, value] = [before[key], valueOf(written)];
    if (value === undefined || isDeepStrictEqual(known, value)) continue;
    if (isRecord(known) && isRecord(value) && Object.keys(known).length > 0) {
      compare(known, value, [...path, key], writes, removals);
    } else writes.push({ path: [...path, key], value });
  }
}

/** A value of JSON without its nulls: a field that is null is one that is not there. */
function valueOf(given: unknown): Value | undefined {
  if (typeof given === "string" || typeof given === "number" || typeof given === "boolean") return given;
  if (Array.isArray(given)) return given.flatMap((item) => valueOf(item) ?? []);
  if (!isRecord(given)) return undefined;
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, member]) => {
      const value = valueOf(member);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/**
 * The text of the file without the object; undefined where nothing else is in it. Other documents stay as they are.
 * @throws Error where the rest would not say what it said
 */
export function withoutObject({ place, text, document, path, object }: FiledObject): string | undefined {
  const others = readManifests(text, place).flatMap(({ manifests }) => manifests.map((one) => one.object));
  if (others.length === 1) return undefined;
  const left =
    path.length === 0 ? text.slice(0, document.start) + text.slice(document.end) : withoutItem(text, document, path);
  const rest = readManifests(left, place).flatMap(({ manifests }) => manifests.map((one) => one.object));
  const expected = others.toSpliced(
    others.findIndex((one) => isDeepStrictEqual(one, object)),
    1,
  );
  if (!isDeepStrictEqual(rest, expected)) throw new Error(`${place}: the object cannot be taken out by itself`);
  return left;
}

function withoutItem(text: string, document: ManifestDocument, path: Path): string {
  return applyEdits(text, editDocument(text, document, [], [path]).edits);
}
