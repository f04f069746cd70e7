import { Credentials } from "../identity/credentials.ts";
import { credentialIn } from "../identity/manifests.ts";
import { type InventoryContent, SnapshotPublisher } from "../inventory/inventory.ts";
import { inventoryOf } from "../inventory/manifests.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import { ListBook } from "../lists/book.ts";
import { listsIn } from "../lists/manifests.ts";
import { FollowedFolder } from "../manifests/followed-folder.ts";
import type { Manifest } from "../manifests/parse.ts";
import { type ProxyConfig, proxyConfigIn } from "./config.ts";

export interface HubFolderOptions<Settings> {
  readonly folder: string;
  /** Makes of a ProxyConfig all that is needed to go by it, or throws; undefined where the folder has none. */
  readonly prepare: (config: ProxyConfig | undefined) => Settings | Promise<Settings>;
  /** Called when a changed folder cannot be used; all of what was before stays. */
  readonly onError: (error: unknown) => void;
  /** Called with what counts from now on, at first and after each change. */
  readonly onChange?: (content: HubContent<Settings>) => void;
}

/** All that a folder says, at one moment. */
export interface HubContent<Settings> {
  readonly credentials: Credentials;
  readonly settings: Settings;
  readonly snapshot: Snapshot | undefined;
  readonly lists: ListBook;
}

/**
 * The folder of a registry: machines, credentials, manifest lists and its ProxyConfig, as they change. A change is taken whole or not at
 * all, whatever it is in.
 */
export class HubFolder<Settings> {
  /** Rejects where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #options: HubFolderOptions<Settings>;
  readonly #folder: FollowedFolder;
  readonly #publisher = new SnapshotPublisher(() => this.#inventory);
  #inventory: InventoryContent | undefined;
  #content: HubContent<Settings> | undefined;

  constructor(options: HubFolderOptions<Settings>) {
    this.#options = options;
    const { folder, onError } = options;
    this.#folder = new FollowedFolder({ folder, take: (manifests) => this.#take(manifests), onError });
    this.synced = this.#folder.synced;
  }

  /** Undefined before the first reading. */
  get content(): HubContent<Settings> | undefined {
    return this.#content;
  }

  async close(): Promise<void> {
    await this.#folder.close();
    this.#publisher.close();
  }

  async #take(manifests: readonly Manifest[]): Promise<void> {
    const inventory = inventoryOf(manifests);
    const credentials = new Credentials(manifests.flatMap((manifest) => credentialIn(manifest) ?? []));
    const lists = new ListBook(listsIn(manifests));
    const settings = await this.#options.prepare(proxyConfigIn(manifests));
    this.#inventory = inventory;
    this.#publisher.publish();
    this.#content = { credentials, settings, snapshot: this.#publisher.snapshot, lists };
    this.#options.onChange?.(this.#content);
  }
}
