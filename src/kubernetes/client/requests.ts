import type { KubernetesObject, Parse } from "../object.ts";

/** Every call says who may end it. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** For the whole call, waiting and retries included. Default 30 s, for a page of a list 60 s. */
  readonly timeoutMs?: number;
  /** Cap on the answer's body. Default 8 MiB for one object, 64 MiB for a page of a list. */
  readonly maxBytes?: number;
}

export interface Parsing<T> {
  /** Makes the typed value; without it the object is checked for metadata.name and given as it came. */
  readonly parse: Parse<T>;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  /** Runs admission and validation, stores nothing. */
  readonly dryRun?: boolean;
  /** Fields that the resource does not have, and those that stand twice: refused, where the server's default drops them. */
  readonly strict?: boolean;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers; without it they answer CONFLICT (see `KubernetesError.conflicts`). */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface DeleteOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly gracePeriodSeconds?: number;
}

export interface Selectors {
  /** As in `kubectl get -l`. */
  readonly labelSelector?: string | undefined;
  /** As in `kubectl get --field-selector`. */
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends CallOptions, Selectors {
  /** Objects in one answer. Default 500. */
  readonly pageSize?: number;
  /** Told of an object that is larger than can be read, which is left out. Absent: such an object ends the list. */
  readonly onPassedOver?: (bytes: number) => void;
  readonly resourceVersion?: string;
}

/** One answer of a paged list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The list's, the same on every page: what a watch starts from. */
  readonly resourceVersion: string;
}

export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** The three patch types (RFC 6902, RFC 7386, Kubernetes' own). CRDs do not know the strategic one. */
export type Patch =
  | { readonly type: "json"; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: "merge" | "strategic"; readonly body: Readonly<Record<string, unknown>> };

/** The body of `apply`: the fields that the manager wants to own, with apiVersion, kind and metadata.name. */
export type Applied = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
};

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: KubernetesObject }
  | { readonly type: "bookmark"; readonly resourceVersion: string };
