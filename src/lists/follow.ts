import type { ManifestListKind } from "../api/manifest-list.ts";
import { parseManifestListOf } from "../api/parse-manifest-list.ts";
import { heapSize } from "../json/heap-size.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { Change, ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { ListBook } from "./book.ts";
import { type ListedResource, listedResource } from "./listed-resource.ts";
import { clusterManifestListResource, manifestListResource } from "./resources.ts";

export interface ClusterListsOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch">;
  /** Told of everything that the watches do; for logs and metrics. */
  readonly observe: (resource: string, event: ReflectorEvent) => void;
  /** Default: both. */
  readonly kinds?: readonly ManifestListKind[];
  /** Bytes of all lists, and of those of one namespace; for tests. */
  readonly bounds?: ListBounds;
}

export interface ListBounds {
  readonly all: number;
  readonly namespace: number;
}

/** Bytes of the lists that are kept, by estimate: tenants fill them. A list of ten builds with its status takes a few KiB. */
const defaultBounds: ListBounds = { all: 48 * 1_048_576, namespace: 1_048_576 };

/** The lists of a cluster, kept true by watches. */
export class ClusterLists {
  /**
   * Resolves once all lists are known. A cluster that has no such resources, or does not show them to this account, has
   * none: the watches go on, and learn of it when that changes.
   */
  readonly synced: Promise<void>;
  readonly #options: ClusterListsOptions;
  readonly #reflectors: readonly Reflector<ListedResource>[];
  readonly #room: Room;
  readonly #listeners = new Set<(changed: readonly ListedResource[]) => void>();
  #book: ListBook | undefined;

  constructor(options: ClusterListsOptions) {
    this.#options = options;
    this.#room = new Room(options.bounds ?? defaultBounds);
    const known: Promise<void>[] = [];
    const kinds = options.kinds ?? ["ManifestList", "ClusterManifestList"];
    this.#reflectors = kinds.map((kind) => this.#follow(kind, known));
    this.synced = Promise.all(known).then(() => undefined);
    this.synced.catch(() => undefined);
  }

  /** Follows until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /** Calls the listener with the lists of each change, as they were and as they are. Returns what takes it off again. */
  onChange(listener: (changed: readonly ListedResource[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The lists as they are now. */
  book(): ListBook {
    this.#book ??= new ListBook(this.resources().map(({ list }) => list));
    return this.#book;
  }

  /** With what their status says. */
  resources(): readonly ListedResource[] {
    return this.#reflectors.flatMap(({ store }) => [...store.values()]);
  }

  #follow(kind: ManifestListKind, known: Promise<void>[]): Reflector<ListedResource> {
    const of = kind === "ManifestList" ? manifestListResource : clusterManifestListResource;
    const without = Promise.withResolvers<void>();
    const reflector: Reflector<ListedResource> = new Reflector<ListedResource>({
      client: this.#options.client,
      resource: of,
      transform: (object) => this.#keep(kind, object, reflector),
      onChange: (change) => {
        this.#room.changed(change);
        this.#book = undefined;
        const changed = [change.object, change.previous].filter((one) => one !== undefined);
        for (const listener of this.#listeners) listener(changed);
      },
      observe: (event) => {
        this.#options.observe(of.plural, event);
        if (event.type === "failed" && isKubernetesError(event.error, "NOT_FOUND", "FORBIDDEN")) without.resolve();
      },
    });
    known.push(Promise.race([reflector.synced, without.promise]));
    return reflector;
  }

  /** @throws ApiError, which the reflector tells */
  #keep(
    kind: ManifestListKind,
    object: KubernetesObject,
    reflector: Reflector<ListedResource>,
  ): ListedResource | undefined {
    const read = listedResource(parseManifestListOf(kind, object));
    const { namespace = "", name } = object.metadata;
    const before = reflector.store.get(namespace === "" ? name : `${namespace}/${name}`);
    return this.#room.hasFor(read, before) ? read : undefined;
  }
}

/** The bytes that lists take, in all and by namespace. Who comes first is kept. */
class Room {
  readonly #bounds: ListBounds;
  readonly #used = new Map<string, number>();
  #all = 0;

  constructor(bounds: ListBounds) {
    this.#bounds = bounds;
  }

  hasFor(read: ListedResource, before: ListedResource | undefined): boolean {
    const more = sizeOf(read) - (before === undefined ? 0 : sizeOf(before));
    const { all, namespace } = this.#bounds;
    const own = this.#used.get(namespaceOf(read)) ?? 0;
    return this.#all + more <= all && (read.list.namespace === undefined || own + more <= namespace);
  }

  changed({ object, previous }: Change<ListedResource>): void {
    if (previous !== undefined) this.#take(namespaceOf(previous), -sizeOf(previous));
    if (object !== undefined) this.#take(namespaceOf(object), sizeOf(object));
  }

  #take(namespace: string, bytes: number): void {
    const own = (this.#used.get(namespace) ?? 0) + bytes;
    this.#all += bytes;
    if (own === 0) this.#used.delete(namespace);
    else this.#used.set(namespace, own);
  }
}

function namespaceOf({ list }: ListedResource): string {
  return list.namespace ?? "";
}

const sizes = new WeakMap<ListedResource, number>();

function sizeOf(listed: ListedResource): number {
  const { list, status = {} } = listed;
  const known = sizes.get(listed) ?? heapSize(list) + heapSize([...(list.tags ?? [])]) + heapSize(status);
  sizes.set(listed, known);
  return known;
}
