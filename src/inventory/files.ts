import { ManifestError } from "../manifests/error.ts";
import { FollowedFolder } from "../manifests/followed-folder.ts";
import { InventoryError } from "./error.ts";
import { type Inventory, type InventoryContent, SnapshotPublisher } from "./inventory.ts";
import { inventoryOf } from "./manifests.ts";
import type { Snapshot } from "./snapshot.ts";

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
  readonly #publisher: SnapshotPublisher;
  readonly #folder: FollowedFolder;
  #content: InventoryContent | undefined;

  constructor({ folder, onError }: FileInventoryOptions) {
    this.#publisher = new SnapshotPublisher(() => this.#content);
    this.#folder = new FollowedFolder({
      folder,
      take: (manifests) => {
        this.#content = inventoryOf(manifests);
        this.#publisher.publish();
      },
      onError: (error) => {
        const known = error instanceof InventoryError || error instanceof ManifestError;
        onError(known ? error : new InventoryError("UNREADABLE", folder, { cause: error }));
      },
    });
    this.synced = this.#folder.synced;
  }

  snapshot(): Snapshot | undefined {
    return this.#publisher.snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): () => void {
    return this.#publisher.onChange(listener);
  }

  async close(): Promise<void> {
    const closing = this.#folder.close();
    this.#publisher.close();
    await closing;
  }
}
