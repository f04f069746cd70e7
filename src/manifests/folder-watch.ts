import { type FSWatcher, watch } from "node:fs";
import { readlink, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";

/** Links that are followed, as Linux does (path_resolution(7)). */
const mostLinks = 40;

/** A folder in which a name is looked at: all names where it is undefined. */
interface Watched {
  readonly folder: string;
  readonly name: string | undefined;
}

/**
 * Watches a folder, and each place where it may be replaced by another one: where its name stands, and where the links
 * stand that lead to it. So a link that is swapped (git-sync, a mounted ConfigMap) and `mv` are seen.
 */
export class FolderWatch {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  /** By what is watched, with its inode: a folder that was replaced is watched anew. */
  #watchers = new Map<string, FSWatcher>();
  #closed = false;

  constructor(path: string, changed: () => void, failed: (error: unknown) => void) {
    this.#path = path;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Watches what the path leads to now. To be called again after each change. Does not throw: it tells `failed`. */
  async renew(): Promise<void> {
    const before = this.#watchers;
    const now = new Map<string, FSWatcher>();
    try {
      for (const watched of await watchedFor(this.#path)) {
        const key = await keyOf(watched);
        if (this.#closed || key === undefined || now.has(key)) continue;
        now.set(key, before.get(key) ?? this.#open(watched));
      }
    } catch (error) {
      for (const [key, watcher] of before) if (!now.has(key)) now.set(key, watcher);
      this.#failed(error);
    }
    this.#watchers = now;
    for (const [key, watcher] of before) if (now.get(key) !== watcher) watcher.close();
    if (this.#closed) this.close();
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #open({ folder, name }: Watched): FSWatcher {
    const watcher = watch(folder, (_event, changed) => {
      if (name === undefined || changed === null || changed === name) this.#changed();
    });
    watcher.on("error", this.#failed);
    return watcher;
  }
}

/** The folder itself comes last, and is left out where it is not there. */
async function watchedFor(path: string): Promise<readonly Watched[]> {
  const watched: Watched[] = [];
  let at: string = sep;
  const rest = partsOf(path);
  for (let links = 0; rest.length > 0; ) {
    const next = join(at, rest.shift() ?? "");
    const target = await linkAt(next);
    if (target === undefined) {
      at = next;
      continue;
    }
    watched.push({ folder: dirname(next), name: basename(next) });
    links += 1;
    if (links > mostLinks) return watched;
    rest.unshift(...partsOf(resolve(at, target)));
    at = sep;
  }
  return [...watched, { folder: dirname(at), name: basename(at) }, { folder: at, name: undefined }];
}

function partsOf(path: string): string[] {
  return resolve(path)
    .split(sep)
    .filter((part) => part !== "");
}

/** Undefined for what is no link, or is not there. */
async function linkAt(path: string): Promise<string | undefined> {
  return await readlink(path).catch(() => undefined);
}

/** Undefined for what is not there. */
async function keyOf({ folder, name }: Watched): Promise<string | undefined> {
  const about = await stat(folder, { bigint: true }).catch(() => undefined);
  return about?.isDirectory() === true ? `${about.dev} ${about.ino} ${folder}/${name ?? ""}` : undefined;
}
