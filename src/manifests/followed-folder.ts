import { type FSWatcher, watch } from "node:fs";
import { ManifestError } from "./error.ts";
import { type Manifest, parseManifests } from "./parse.ts";
import { readFolder } from "./sources.ts";

/** Editors and `kubectl cp` write in several steps: read once they have paused. */
const settleMs = 50;

export interface FollowedFolderOptions {
  readonly folder: string;
  /** Takes all manifests of the folder, or throws where one of them cannot be used: then it keeps what it had. */
  readonly take: (manifests: readonly Manifest[]) => void;
  /** Called when a changed folder cannot be used: with a ManifestError, or with what `take` threw. */
  readonly onError: (error: unknown) => void;
}

/** A folder of manifests, read at once, and again as a whole whenever something in it changes. */
export class FollowedFolder {
  /** Rejects where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #options: FollowedFolderOptions;
  readonly #ended = new AbortController();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FollowedFolderOptions) {
    this.#options = options;
    this.synced = this.#start();
    // Whoever waits for it hears of the failure; without this, a failure that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#reading;
  }

  async #start(): Promise<void> {
    await this.#read(); // Also tells that the folder is there, before it is watched.
    if (this.#ended.signal.aborted) return;
    const { folder, onError } = this.#options;
    this.#watcher = watch(folder, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#readAgain(), settleMs);
    });
    this.#watcher.on("error", (cause) => {
      onError(new ManifestError("UNREADABLE", `${folder} can no longer be watched`, { cause }));
    });
    this.#readAgain(); // What changed between the first read and the watch.
  }

  #readAgain(): void {
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((error: unknown) => {
        if (!this.#ended.signal.aborted) this.#options.onError(error);
      });
  }

  async #read(): Promise<void> {
    const { folder, take } = this.#options;
    const sources = await readFolder(folder, this.#ended.signal);
    if (this.#ended.signal.aborted) return;
    take(sources.flatMap(({ name, text }) => parseManifests(text, name)));
  }
}
