import type { Clock } from "../time/clock.ts";
import { ManifestError } from "./error.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { FolderWatch } from "./folder-watch.ts";
import { type Manifest, parseManifests } from "./parse.ts";
import { readFolder } from "./sources.ts";

/** Editors and `kubectl cp` write in several steps: read once they have paused, ms. */
const settleMs = 50;
/** Longest wait for a pause, ms: whoever writes without one must not put off a revocation. */
const mostSettleMs = 500;
/** Between two looks at what no watch tells of, ms: writes of other machines to a shared file system, and lost watches. */
const lookMs = 2_000;
/** Readings of a folder that is replaced or written while it is read. */
const mostReadings = 5;

export interface FollowedFolderOptions {
  readonly folder: string;
  /** Takes all manifests of the folder, or throws where one of them cannot be used: then it keeps what it had. */
  readonly take: (manifests: readonly Manifest[]) => void | Promise<void>;
  /** Called when a changed folder cannot be used, once for each state of it: with a ManifestError, or what `take` threw. */
  readonly onError: (error: unknown) => void;
  /** Says when it is time to look. Default: timers that keep no process alive. */
  readonly clock?: Pick<Clock, "after">;
  /** A pause that says that whoever writes is done, ms; no longer than half a second. Default: 50. */
  readonly settleMs?: number;
}

const looking: Pick<Clock, "after"> = {
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * A folder of manifests, read at once, and again as a whole whenever something in it changes, or it is replaced by
 * another folder. It is watched, and looked at every two seconds.
 */
export class FollowedFolder {
  /** Rejects where the first reading fails. */
  readonly synced: Promise<void>;
  readonly #options: FollowedFolderOptions;
  readonly #clock: Pick<Clock, "after">;
  readonly #watch: FolderWatch;
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | undefined;
  #endLooking: () => void = () => undefined;
  #reading: Promise<void> = Promise.resolve();
  /** As it was when it was read last; undefined where it is to be read again. */
  #fingerprint: string | undefined;
  /** As it was at the last try. */
  #tried = "";
  #told: string | undefined;

  constructor(options: FollowedFolderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? looking;
    const { folder } = options;
    this.#watch = new FolderWatch(
      folder,
      () => this.#readSoon(),
      (cause) => this.#fail(new ManifestError("UNREADABLE", `${folder} can no longer be watched`, { cause })),
    );
    this.synced = this.#start();
    // Whoever waits for it hears of the failure; without this, a failure that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#endLooking();
    this.#watch.close();
    await this.#reading;
  }

  async #start(): Promise<void> {
    await this.#read(); // Also tells that the folder is there, before it is watched.
    if (this.#ended.signal.aborted) return;
    await this.#watch.renew();
    if (this.#ended.signal.aborted) return;
    this.#readAgain(); // What changed between the first read and the watch.
    this.#lookLater();
  }

  #readSoon(): void {
    if (this.#ended.signal.aborted) return;
    const now = performance.now();
    this.#waitingSince ??= now;
    clearTimeout(this.#timer);
    const ms = Math.max(0, Math.min(this.#options.settleMs ?? settleMs, this.#waitingSince + mostSettleMs - now));
    this.#timer = setTimeout(() => this.#readAgain(), ms);
  }

  #readAgain(): void {
    this.#waitingSince = undefined;
    this.#after(() => this.#read());
    // What replaced the folder is watched from now on, and may have changed before that.
    this.#after(async () => {
      await this.#watch.renew();
      if (this.#tried !== (await fingerprintOf(this.#options.folder))) this.#readSoon();
    });
  }

  #lookLater(): void {
    this.#endLooking = this.#clock.after(lookMs, () => {
      this.#after(() => this.#look());
      this.#after(async () => this.#lookLater());
    });
  }

  /** Whoever writes may be in the middle of it: a file that is written anew is empty for a moment. */
  async #look(): Promise<void> {
    if (this.#fingerprint !== (await fingerprintOf(this.#options.folder))) this.#readSoon();
  }

  /** One thing after another, and nothing after the end. */
  #after(work: () => Promise<void>): void {
    this.#reading = this.#reading
      .then(() => (this.#ended.signal.aborted ? undefined : work()))
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    const text = `${this.#tried} ${String(error)}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onError(error);
  }

  /** All files as they were at one moment: a folder that changes meanwhile is read again. */
  async #read(): Promise<void> {
    const { folder, take } = this.#options;
    const { signal } = this.#ended;
    for (let reading = 1; ; reading += 1) {
      const before = await fingerprintOf(folder);
      this.#tried = before;
      this.#fingerprint = undefined;
      const read = await readFolder(folder, signal).then(
        (sources) => ({ sources }),
        (error: unknown) => ({ error }),
      );
      if (signal.aborted) return;
      // Also where it failed: a file that was listed may be gone when it is read.
      const after = await fingerprintOf(folder);
      if (before !== after) {
        if (reading < mostReadings) continue;
        this.#tried = after;
        throw new ManifestError("UNREADABLE", `${folder}: it changes while it is read`);
      }
      if ("error" in read) throw read.error;
      const { sources } = read;
      // Also where it cannot be used: nothing but a change makes another try worth while.
      this.#fingerprint = before;
      await take(sources.flatMap(({ name, text }) => parseManifests(text, name)));
      this.#told = undefined;
      return;
    }
  }
}
