import { KubernetesError } from "./error.ts";

/** meta/v1 ObjectMeta: the part that this room reads. The rest is there, unread. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly [field: string]: unknown;
}

/** Any Kubernetes object as it came from the API: metadata is checked, all else waits for the reader's parser. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Makes a typed value of one that came from outside. @throws where it cannot */
export type Parse<T> = (value: unknown) => T;

/** Whether a value is a JSON object (no array). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a string that holds something. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const metadataStrings = ["namespace", "uid", "resourceVersion"] as const;

function isMeta(value: unknown): value is ObjectMeta {
  return (
    isRecord(value) &&
    stringOf(value["name"]) !== undefined &&
    metadataStrings.every((field) => value[field] === undefined || typeof value[field] === "string")
  );
}

function isObject(value: unknown): value is KubernetesObject {
  return (
    isRecord(value) &&
    isMeta(value["metadata"]) &&
    (value["apiVersion"] === undefined || typeof value["apiVersion"] === "string") &&
    (value["kind"] === undefined || typeof value["kind"] === "string")
  );
}

/** The parser used where the caller gives none. @throws KubernetesError MALFORMED */
export function parseObject(value: unknown): KubernetesObject {
  if (isObject(value)) return value;
  throw new KubernetesError("MALFORMED", "the API server sent something that is no object with metadata.name");
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of stores and queues. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** Takes a key of `keyOf` apart. */
export function splitKey(key: string): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
