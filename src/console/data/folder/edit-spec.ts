import { isDeepStrictEqual } from "node:util";
import type { JsonRecord } from "../../../json/object.ts";
import { applyEdits } from "../../../manifests/edit.ts";
import { editDocument } from "../../../manifests/edit-document.ts";
import { type ManifestDocument, readManifests } from "../../../manifests/parse.ts";
import type { Path } from "../../../manifests/value-text.ts";
import { differencesOf } from "./differences.ts";

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
  const { writes, removals } = differencesOf(object["spec"], spec, [...path, "spec"]);
  if (writes.length + removals.length === 0) return text;
  return applyEdits(text, editDocument(text, document, writes, removals).edits);
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
