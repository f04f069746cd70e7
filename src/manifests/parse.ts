import { isRecord, type JsonRecord } from "../json/object.ts";
import { maxObjects } from "./bounds.ts";
import { readDocuments, type TextDocument } from "./documents.ts";
import { ManifestError } from "./error.ts";
import type { Path } from "./value-text.ts";

/** One Kubernetes object of a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: JsonRecord;
  /** For messages: `nodes.yaml, document 2, item 1`. */
  readonly place: string;
  /** Where it stands in its document: empty, or an item of a List. */
  readonly path: Path;
}

/** A document with the objects in it: one, the items of a List, or none where it is empty. */
export interface ManifestDocument extends TextDocument {
  readonly manifests: readonly Manifest[];
}

/**
 * The documents of a YAML or JSON text with their objects. Items of a List may be without `kind` and `apiVersion` of
 * their own, as `kubectl get -o yaml` never writes them.
 * @throws ManifestError YAML_INVALID, OBJECT_INVALID, TOO_MUCH, with the place
 */
export function readManifests(text: string, source: string): readonly ManifestDocument[] {
  let count = 0;
  return readDocuments(text, source).map((document) => {
    const manifests = objectsOf(document);
    count += manifests.length;
    if (count > maxObjects) throw new ManifestError("TOO_MUCH", `${source}: more than ${maxObjects} objects`);
    return { ...document, manifests };
  });
}

/** The objects of a YAML or JSON text. @throws ManifestError as `readManifests` */
export function parseManifests(text: string, source: string): readonly Manifest[] {
  return readManifests(text, source).flatMap(({ manifests }) => manifests);
}

function objectsOf({ value, place }: TextDocument): readonly Manifest[] {
  if (value === null) return [];
  const object = asObject(value, place);
  const { apiVersion, kind, items } = object;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [manifest(object, place, [])];
  const ownKind = kind === "List" ? undefined : kind.slice(0, -"List".length);
  return items.map((item: unknown, index) => {
    const at = `${place}, item ${index + 1}`;
    const member = asObject(item, at);
    const typed = { apiVersion: member["apiVersion"] ?? apiVersion, kind: member["kind"] ?? ownKind };
    return manifest({ ...member, ...typed }, at, ["items", index]);
  });
}

/** The kind of a document that is a manifest list as the first MetaHub and manifest-tool read it, with no apiVersion. */
export const plainListKind = "ManifestList";

function manifest(object: JsonRecord, place: string, path: Path): Manifest {
  const { apiVersion, kind } = object;
  if (isPlainList(object)) return { apiVersion: "", kind: plainListKind, object, place, path };
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new ManifestError("OBJECT_INVALID", `${place}: no apiVersion and kind: a Kubernetes object was expected`);
  }
  return { apiVersion, kind, object, place, path };
}

function isPlainList({ apiVersion, kind, image, manifests }: JsonRecord): boolean {
  return apiVersion === undefined && kind === undefined && typeof image === "string" && Array.isArray(manifests);
}

function asObject(value: unknown, place: string): JsonRecord {
  if (!isRecord(value)) throw new ManifestError("OBJECT_INVALID", `${place}: a Kubernetes object was expected`);
  return value;
}
