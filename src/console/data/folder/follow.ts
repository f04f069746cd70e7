import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { IdentityError } from "../../../identity/error.ts";
import { InventoryError } from "../../../inventory/error.ts";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { ListError } from "../../../lists/error.ts";
import { ManifestError } from "../../../manifests/error.ts";
import { FollowedFolder } from "../../../manifests/followed-folder.ts";
import { shorten } from "../../../text/shorten.ts";
import { onAbort } from "../../../time/on-abort.ts";
import type { Change } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import { alsoChanged } from "../told.ts";
import { contentOf, differences, type FolderContent } from "./content.ts";

/** How long a write waits until the folder was read again, ms: whoever writes sees what they wrote. */
const seenMs = 3_000;

/** Characters of a reason: it may repeat what is in a file. */
const mostReason = 400;

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
  #problem: string | undefined;

  constructor({ folder, onError }: FollowOptions) {
    this.#folder = new FollowedFolder({
      folder,
      take: (manifests) => this.#take(contentOf(manifests, this.#builder)),
      onError: (error) => {
        this.#problem = reasonOf(error, folder);
        this.#tell({ event: "lost", detail: this.#lostDetail });
        for (const look of [...this.#readings]) look();
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

  /** The file that keeps what is in the folder from being shown, and why; undefined where all is shown. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Another one after each reading. */
  get version(): string {
    return `${this.#run}-${this.#reading}`;
  }

  /** Tells of changes until the signal aborts. */
  async changes(tell: (change: Change) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (this.#problem !== undefined) tell({ event: "lost", detail: this.#lostDetail });
    this.#listeners.add(tell);
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    this.#listeners.delete(tell);
  }

  /**
   * Waits until the content is as a write left it, until the folder was read and cannot be used, or a while: another
   * program may have written in between.
   */
  async seen(test: (content: FolderContent) => boolean, signal: AbortSignal): Promise<void> {
    if (this.#content !== undefined && test(this.#content)) return;
    const ended = AbortSignal.any([signal, AbortSignal.timeout(seenMs)]);
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#problem !== undefined || (this.#content !== undefined && test(this.#content))) finish();
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
    if (this.#problem !== undefined) {
      this.#problem = undefined;
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

  get #lostDetail(): string {
    return `The folder cannot be used now; what you see is as it was before. ${this.#problem ?? ""}`.trimEnd();
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Where the mistake is, by the file's name: where the folder is on the console's machine is nobody's business. */
function reasonOf(error: unknown, folder: string): string {
  const isTold =
    error instanceof ManifestError ||
    error instanceof InventoryError ||
    error instanceof IdentityError ||
    error instanceof ListError;
  return isTold ? shorten(error.message.replaceAll(join(folder, "/"), ""), mostReason) : "The console's log says why.";
}
