import type { BackoffBounds } from "../../time/backoff.ts";
import type { Clock } from "../../time/clock.ts";
import type { KubernetesClient } from "../client/client.ts";
import type { Selectors, WatchEvent } from "../client/requests.ts";
import type { KubernetesError } from "../error.ts";
import type { KubernetesObject } from "../object.ts";
import type { Resource } from "../resource.ts";

/** A change of what is kept; what the transform left out or found equal is none. */
export type Change<Kept> =
  | { readonly type: "added"; readonly key: string; readonly object: Kept; readonly previous: undefined }
  | { readonly type: "modified"; readonly key: string; readonly object: Kept; readonly previous: Kept }
  | { readonly type: "deleted"; readonly key: string; readonly object: undefined; readonly previous: Kept };

/** A thing that happened, for metrics and logs. */
export type ReflectorEvent =
  | { readonly type: "listed"; readonly objects: number; readonly durationMs: number }
  | { readonly type: "watching"; readonly resourceVersion: string }
  | { readonly type: "watch-ended"; readonly durationMs: number }
  | { readonly type: "event"; readonly event: WatchEvent["type"] }
  /** List or watch failed; it goes on after the wait, from where it was or (`relist`) with a new list. */
  | { readonly type: "failed"; readonly error: KubernetesError; readonly relist: boolean; readonly retryInMs: number }
  /** One object could not be read by `transform`; it is not kept. */
  | { readonly type: "unreadable"; readonly key: string; readonly error: unknown }
  /** One object of a list is larger than can be read; it is not kept. */
  | { readonly type: "passed-over"; readonly bytes: number }
  /** `onChange` or `onSynced` threw; the store is right all the same. */
  | { readonly type: "listener-failed"; readonly error: unknown };

export interface ReflectorOptions<Kept> extends Selectors {
  readonly client: Pick<KubernetesClient, "each" | "watch">;
  readonly resource: Resource;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  /**
   * Makes the part of an object that is kept; the rest is dropped at once. `undefined`: the object is not kept. It must
   * copy what it needs and be bounded itself; where it throws, the object counts as not kept and is reported.
   */
  readonly transform: (object: KubernetesObject) => Kept | undefined;
  /** Whether a change is none for the reader. Default: deep equality. */
  readonly equal?: (a: Kept, b: Kept) => boolean;
  readonly onChange?: (change: Change<Kept>) => void;
  /** After the first whole list. */
  readonly onSynced?: () => void;
  readonly observe?: (event: ReflectorEvent) => void;
  readonly pageSize?: number;
  /** Silence after which a watch counts as dead, ms. Default 150 s. */
  readonly idleMs?: number;
  readonly backoff?: BackoffBounds;
  readonly clock?: Clock;
  /** Draws from [0, 1). */
  readonly random?: () => number;
}
