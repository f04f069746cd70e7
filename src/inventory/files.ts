import { type FSWatcher, watch } from "node:fs";
import { ManifestError } from "../manifests/error.ts";
import { parseManifests } from "../manifests/parse.ts";
import { readFolder } from "../manifests/sources.ts";
import { InventoryError } from "./error.ts";
import { type Inventory, type InventoryContent, SnapshotPublisher } from "./inventory.ts";
import { inventoryOf } from "./manifests.ts";
import type { Snapshot } from "./snapshot.ts";

/** Editors and `kubectl cp` write in several steps: read once they have paused. */
const settleMs = 50;

export interface FileInventoryOptions {
  readonly folder: string;
  /** Called when a changed folder cannot be used; the snapshot of before stays. */
  readonly onError: (error: FileInventoryError) => void;
}

/** A folder that cannot be read or followed, or a mistake in one of its files. */
export type FileInventoryError = InventoryError | ManifestError;

/** An inventory read from a folder of manifests, and again whenever something in it changes. */
export class FileInventory implements Inventory {
  readonly synced: Promise<void>;
  readonly #folder: string;
  readonly #onError: (error: FileInventoryError) => void;
  readonly #publisher: SnapshotPublisher;
  readonly #ended = new AbortController();
  #content: InventoryContent | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FileInventoryOptions) {
    this.#folder = options.folder;
    this.#onError = options.onError;
    this.#publisher = new SnapshotPublisher(() => this.#content);
    this.synced = this.#start();
    // Whoever waits for it hears of the failure; without this, a failure that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  snapshot(): Snapshot | undefined {
    return this.#publisher.snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): () => void {
    return this.#publisher.onChange(listener);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#publisher.close();
    await this.#reading;
  }

  async #start(): Promise<void> {
    await this.#read(); // Also tells that the folder is there, before it is watched.
    if (this.#ended.signal.aborted) return;
    this.#watcher = watch(this.#folder, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#readAgain(), settleMs);
    });
    this.#watcher.on("error", (cause) => {
      this.#onError(new InventoryError("UNREADABLE", `${this.#folder} can no longer be watched`, { cause }));
    });
    this.#readAgain(); // What changed between the first read and the watch.
  }

  #readAgain(): void {
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((error: unknown) => {
        if (this.#ended.signal.aborted) return;
        const known = error instanceof InventoryError || error instanceof ManifestError;
        this.#onError(known ? error : new InventoryError("UNREADABLE", this.#folder, { cause: error }));
      });
  }

  async #read(): Promise<void> {
    const sources = await readFolder(this.#folder, this.#ended.signal);
    if (this.#ended.signal.aborted) return;
    this.#content = inventoryOf(sources.flatMap(({ name, text }) => parseManifests(text, name)));
    this.#publisher.publish();
  }
}
