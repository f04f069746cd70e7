import type { ManifestListKind } from "../api/manifest-list.ts";
import { parseManifestListOf } from "../api/parse-manifest-list.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { ListBook } from "./book.ts";
import { type ListedResource, listedResource } from "./listed-resource.ts";
import { clusterManifestListResource, manifestListResource } from "./resources.ts";
import { type ListBounds, Room } from "./room.ts";

export interface ClusterListsOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch">;
  /** Told of everything that the watches do; for logs and metrics. */
  readonly observe: (resource: string, event: ReflectorEvent) => void;
  /** Default: both. */
  readonly kinds?: readonly ManifestListKind[];
  /** Bytes of all lists, and of those of one namespace; for tests. */
  readonly bounds?: ListBounds;
}

/** Bytes of the lists that are kept, by estimate: tenants fill them. A list of ten builds with its status takes a few KiB. */
const defaultBounds: ListBounds = { all: 48 * 1_048_576, namespace: 1_048_576 };

/** A list that does not count, for want of room. */
export interface DroppedList {
  readonly kind: ManifestListKind;
  /** `ManifestList team-a/bench`, for people. */
  readonly shown: string;
}

type Followed = ListedResource | DroppedList;

/** Lists that are known by name alone. */
const mostDropped = 10_000;

/** The lists of a cluster, kept true by watches. */
export class ClusterLists {
  /**
   * Resolves once all lists are known. A cluster that has no such resources, or does not show them to this account, has
   * none: the watches go on, and learn of it when that changes.
   */
  readonly synced: Promise<void>;
  readonly #options: ClusterListsOptions;
  readonly #reflectors: readonly Reflector<Followed>[];
  readonly #room: Room;
  readonly #listeners = new Set<(changed: readonly ListedResource[]) => void>();
  #dropped = 0;
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
    return this.#reflectors.flatMap(({ store }) => [...store.values()].filter(isListed));
  }

  /** Those that do not count for want of room; by name, and no more of them than 10,000. */
  dropped(): readonly DroppedList[] {
    return this.#reflectors.flatMap(({ store }) => [...store.values()].filter(isDropped));
  }

  #follow(kind: ManifestListKind, known: Promise<void>[]): Reflector<Followed> {
    const of = kind === "ManifestList" ? manifestListResource : clusterManifestListResource;
    const without = Promise.withResolvers<void>();
    const reflector: Reflector<Followed> = new Reflector<Followed>({
      client: this.#options.client,
      resource: of,
      transform: (object) => this.#keep(kind, object, reflector),
      onChange: ({ object, previous }) => {
        const both = [object, previous].filter((one) => one !== undefined);
        this.#dropped += Number(isDropped(object)) - Number(isDropped(previous));
        this.#room.changed(isListed(object) ? object : undefined, isListed(previous) ? previous : undefined);
        this.#book = undefined;
        for (const listener of this.#listeners) listener(both.filter(isListed));
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
  #keep(kind: ManifestListKind, object: KubernetesObject, reflector: Reflector<Followed>): Followed | undefined {
    const read = listedResource(parseManifestListOf(kind, object));
    const { namespace = "", name } = object.metadata;
    const before = reflector.store.get(namespace === "" ? name : `${namespace}/${name}`);
    if (this.#room.hasFor(read, isListed(before) ? before : undefined)) return read;
    return isDropped(before) || this.#dropped < mostDropped ? { kind, shown: read.list.shown } : undefined;
  }
}

function isListed(one: Followed | undefined): one is ListedResource {
  return one !== undefined && "list" in one;
}

function isDropped(one: Followed | undefined): one is DroppedList {
  return one !== undefined && !("list" in one);
}
