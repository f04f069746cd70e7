import { loadAll, YAMLException } from "js-yaml";
import { InventoryError } from "./error.ts";

/** One Kubernetes object of a manifest, with where it stands for messages: `nodes.yaml, document 2`. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly place: string;
}

/** Bounds of one manifest text: far above what people write, far below what would hurt. */
const maxBytes = 32 * 1024 * 1024;
const maxObjects = 20_000;

/**
 * The objects of a YAML or JSON text: several documents, and the items of Lists (also without `kind` and `apiVersion`
 * of their own, as `kubectl get -o yaml` never writes them). Throws InventoryError with the place.
 */
export function parseManifests(text: string, source: string): readonly Manifest[] {
  if (text.length > maxBytes) throw new InventoryError("TOO_MUCH", `${source}: longer than ${maxBytes} characters`);
  let documents: unknown[];
  try {
    documents = loadAll(text, { filename: source });
  } catch (cause) {
    const reason = cause instanceof YAMLException ? yamlReason(cause) : String(cause);
    throw new InventoryError("YAML_INVALID", `${source}: not valid YAML: ${reason}`, { cause });
  }
  const manifests: Manifest[] = [];
  for (const [index, document] of documents.entries()) {
    if (document === null || document === undefined) continue;
    const place = documents.length === 1 ? source : `${source}, document ${index + 1}`;
    for (const object of expand(document, place)) {
      manifests.push(object);
      if (manifests.length > maxObjects) {
        throw new InventoryError("TOO_MUCH", `${source}: more than ${maxObjects} objects`);
      }
    }
  }
  return manifests;
}

function expand(document: unknown, place: string): readonly Manifest[] {
  const object = asObject(document, place);
  const { apiVersion, kind, items } = object;
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) {
    return items.map((item: unknown, index) => {
      const at = `${place}, item ${index + 1}`;
      const member = asObject(item, at);
      const ownKind = kind === "List" ? undefined : kind.slice(0, -"List".length);
      const typed = { apiVersion: member["apiVersion"] ?? apiVersion, kind: member["kind"] ?? ownKind };
      return manifest({ ...member, ...typed }, at);
    });
  }
  return [manifest(object, place)];
}

function manifest(object: Readonly<Record<string, unknown>>, place: string): Manifest {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    throw new InventoryError("OBJECT_INVALID", `${place}: no apiVersion and kind: a Kubernetes object was expected`);
  }
  return { apiVersion, kind, object, place };
}

function asObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InventoryError("OBJECT_INVALID", `${place}: a Kubernetes object was expected`);
  }
  return Object.fromEntries(Object.entries(value));
}

function yamlReason(error: YAMLException): string {
  const { reason, mark } = error;
  return mark === undefined ? reason : `${reason} (line ${mark.line + 1}, column ${mark.column + 1})`;
}
