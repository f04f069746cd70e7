/** A JSON object as the fake keeps it. */
export interface Stored {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface StoredEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly collection: string;
  readonly version: number;
  readonly object: Stored;
}

/** What the fake keeps: objects by collection path and name, one version counter, and the history for watches. */
export class ObjectStore {
  readonly #collections = new Map<string, Map<string, Stored>>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #history: StoredEvent[] = [];
  /** Versions up to this are compacted: a watch from before it gets 410. */
  #compacted = 0;
  #version = 1_000;

  get version(): number {
    return this.#version;
  }

  get(collection: string, name: string): Stored | undefined {
    return this.#collections.get(collection)?.get(name);
  }

  list(collection: string): Stored[] {
    return [...(this.#collections.get(collection)?.values() ?? [])].sort((a, b) =>
      a.metadata.name < b.metadata.name ? -1 : 1,
    );
  }

  put(collection: string, object: Stored): Stored {
    const objects = this.#collections.get(collection) ?? new Map<string, Stored>();
    this.#collections.set(collection, objects);
    const { name } = object.metadata;
    const known = objects.get(name);
    const version = ++this.#version;
    const uid = known?.metadata["uid"] ?? `uid-${version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version) } };
    objects.set(name, stored);
    this.#tell({ type: known === undefined ? "ADDED" : "MODIFIED", collection, version, object: stored });
    return stored;
  }

  delete(collection: string, name: string): Stored | undefined {
    const known = this.get(collection, name);
    if (known === undefined) return undefined;
    this.#collections.get(collection)?.delete(name);
    const version = ++this.#version;
    const object = { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } };
    this.#tell({ type: "DELETED", collection, version, object });
    return object;
  }

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  /** What happened after a version, or undefined when that is compacted. */
  since(collection: string, version: number): StoredEvent[] | undefined {
    if (version < this.#compacted) return undefined;
    return this.#history.filter((event) => event.collection === collection && event.version > version);
  }

  /** @returns how to stop listening */
  listen(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(event: StoredEvent): void {
    this.#history.push(event);
    for (const listener of [...this.#listeners]) listener(event);
  }
}
