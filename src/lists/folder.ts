import { FollowedFolder } from "../manifests/followed-folder.ts";
import { ListBook } from "./book.ts";
import { listsIn } from "./manifests.ts";

export interface FolderListsOptions {
  readonly folder: string;
  /** Called when a changed folder cannot be used; the lists of before stay. */
  readonly onError: (error: unknown) => void;
  /** Called after each reading. */
  readonly onChange?: () => void;
}

/** The lists in a folder of manifests, read again whenever something in it changes. */
export class FolderLists {
  /** Rejects where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #folder: FollowedFolder;
  #book = new ListBook([]);

  constructor({ folder, onError, onChange }: FolderListsOptions) {
    this.#folder = new FollowedFolder({
      folder,
      take: (manifests) => {
        this.#book = new ListBook(listsIn(manifests));
        onChange?.();
      },
      onError,
    });
    this.synced = this.#folder.synced;
  }

  /** The lists as they are now. */
  book(): ListBook {
    return this.#book;
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }
}
