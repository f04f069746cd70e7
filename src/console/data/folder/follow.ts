import { randomBytes } from "node:crypto";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { FollowedFolder } from "../../../manifests/followed-folder.ts";
import { onAbort } from "../../../time/on-abort.ts";
import type { Change } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import { alsoChanged } from "../told.ts";
import { contentOf, differences, type FolderContent } from "./content.ts";

/** How long a write waits until the folder was read again, ms: whoever writes sees what they wrote. */
const seenMs = 3_000;

export interface FollowOptions {
  readonly folder: string;
  /** Told of a folder that cannot be used, once for each state of it: for logs. The content that was read before stays. */
  readonly onError: (error: unknown) => void;
}

/** The content of a folder as it changes, and who is told of changes. */
export class FollowedContent {
  /** Rejects where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #folder: FollowedFolder;
  readonly #builder = new SnapshotBuilder();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #readings = new Set<() => void>();
  /** Another process counts from one again. */
  readonly #run = randomBytes(6).toString("hex");
  #content: FolderContent | undefined;
  #reading = 0;
  #lost = false;

  constructor({ folder, onError }: FollowOptions) {
    this.#folder = new FollowedFolder({
      folder,
      take: (manifests) => this.#take(contentOf(manifests, this.#builder)),
      onError: (error) => {
        this.#lost = true;
        this.#tell({ event: "lost", detail: "The folder cannot be read now; what you see is as it was before." });
        onError(error);
      },
    });
    this.synced = this.#folder.synced;
  }

  /** @throws ConsoleError 503 where nothing could be read yet */
  get content(): FolderContent {
    if (this.#content !== undefined) return this.#content;
    throw new ConsoleError({
      status: 503,
      title: "The folder cannot be used",
      detail: "It has a mistake, or cannot be read. The console's log says which.",
    });
  }

  /** Another one after each reading. */
  get version(): string {
    return `${this.#run}-${this.#reading}`;
  }

  /** Tells of changes until the signal aborts. */
  async changes(tell: (change: Change) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (this.#lost) tell({ event: "lost", detail: "The folder cannot be read now; what you see is as it was before." });
    this.#listeners.add(tell);
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    this.#listeners.delete(tell);
  }

  /** Waits until the content is as a write left it, or a while: another program may have written in between. */
  async seen(test: (content: FolderContent) => boolean, signal: AbortSignal): Promise<void> {
    if (this.#content !== undefined && test(this.#content)) return;
    const ended = AbortSignal.any([signal, AbortSignal.timeout(seenMs)]);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#content !== undefined && test(this.#content)) finish();
      };
      const finish = (): void => {
        this.#readings.delete(look);
        takeBack();
        resolve();
      };
      const takeBack = onAbort(ended, finish);
      this.#readings.add(look);
    });
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#folder.close();
  }

  #take(content: FolderContent): void {
    const before = this.#content;
    this.#content = content;
    this.#reading += 1;
    if (this.#lost) {
      this.#lost = false;
      this.#tell({ event: "back" });
    }
    for (const look of [...this.#readings]) look();
    const changes = before === undefined ? [] : differences(before, content);
    for (const change of changes) {
      // More names than a message holds: none of them means all.
      this.#tell({ ...change, names: change.names.length > 100 ? [] : change.names });
    }
    if (changes.some(({ kind }) => kind !== "matrix" && alsoChanged[kind].includes("matrix"))) {
      this.#tell({ event: "changed", kind: "matrix", names: [] });
    }
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
