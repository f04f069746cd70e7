import { type FileHandle, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { RecordForm, SharedRecord } from "./shared-record.ts";

/** Owner alone: it says which images were asked for. */
const mode = 0o600;
/** Bytes above which the file is written anew with the newest half: 10,000 lines are some 3 MB. */
const defaultMostBytes = 8 * 1_048_576;
/** A process that holds the lock longer than this has died with it, ms: the work takes less than a second. */
const staleMs = 60_000;
/** Between two looks at a file that is being replaced, ms, and how many at most: a second altogether. */
const lookMs = 20;
const mostLooks = 50;
/** Times that a line is written again because the file was replaced meanwhile: once is rare. */
const mostTries = 8;

export interface FileRecordOptions<T> {
  readonly file: string;
  readonly form: RecordForm<T>;
  readonly mostBytes?: number;
}

/**
 * A file of JSON, a line each, that processes share. Lines are appended; where the file was replaced in the same moment,
 * into the new one too. It is replaced by one process at a time, which takes along what others append meanwhile.
 */
export class FileRecord<T> implements SharedRecord<T> {
  readonly place: string;
  readonly #form: RecordForm<T>;
  readonly #mostBytes: number;
  /** There while a process replaces the file. */
  readonly #lock: string;
  #seen = "";

  constructor({ file, form, mostBytes = defaultMostBytes }: FileRecordOptions<T>) {
    this.place = file;
    this.#form = form;
    this.#lock = `${file}.lock`;
    this.#mostBytes = mostBytes;
  }

  async add(all: readonly T[]): Promise<void> {
    const size = await this.#append(all.map((one) => this.#lineOf(one)).join(""));
    if (size > this.#mostBytes) await this.#shorten();
  }

  /** Not while it is replaced: what others append meanwhile is not yet there. */
  async read(): Promise<readonly T[] | undefined> {
    for (let looks = 1; ; looks += 1) {
      const before = await isHeld(this.#lock);
      const found = before ? undefined : await this.#readNow();
      const isWhole = !(before || (await isHeld(this.#lock)));
      if (isWhole || looks === mostLooks) return found ?? (before ? await this.#readNow() : undefined);
      // What was read may lack something: as if it was not.
      this.#seen = "";
      await delay(lookMs);
    }
  }

  async #readNow(): Promise<readonly T[] | undefined> {
    const file = await unlessMissing(open(this.place, "r"));
    if (file === undefined) return undefined;
    try {
      const { dev, ino, size, mtimeNs } = await file.stat({ bigint: true });
      const seen = `${dev} ${ino} ${size} ${mtimeNs}`;
      if (seen === this.#seen) return undefined;
      const { text } = await this.#readEnd(file);
      this.#seen = seen;
      return this.#linesOf(text);
    } finally {
      await file.close();
    }
  }

  /** Resolves to the file's size. */
  async #append(text: string): Promise<number> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const file = await open(this.place, "a", mode);
      try {
        await file.appendFile(text);
        const { ino, dev, size } = await file.stat();
        const now = await unlessMissing(stat(this.place));
        if (now?.ino === ino && now.dev === dev) return size;
      } finally {
        await file.close();
      }
    }
    throw new Error("it is replaced again and again");
  }

  async #shorten(): Promise<void> {
    // Somebody else is at it.
    if (!(await takeLock(this.#lock))) return;
    try {
      const file = await unlessMissing(open(this.place, "r"));
      if (file !== undefined) await this.#replace(file).finally(() => file.close());
    } finally {
      await rm(this.#lock, { force: true });
    }
  }

  async #replace(file: FileHandle): Promise<void> {
    const { text, end } = await this.#readEnd(file);
    // Another process may have done it before the lock was free.
    if (end <= this.#mostBytes) return;
    const draft = `${this.place}.draft`;
    try {
      await writeFile(draft, this.#newest(this.#linesOf(text)), { mode });
      await rename(draft, this.place);
    } finally {
      await rm(draft, { force: true });
    }
    // Appended after it was read: whoever comes later sees that it was replaced.
    const { size } = await file.stat();
    if (size > end) await this.#append(await readBytes(file, end, size));
  }

  /** The last bytes, should they be more than there should be, and where they end. */
  async #readEnd(file: FileHandle): Promise<{ readonly text: string; readonly end: number }> {
    const { size } = await file.stat();
    return { text: await readBytes(file, Math.max(0, size - 2 * this.#mostBytes), size), end: size };
  }

  /** The last ones, each once, as far as they fit into half of the file. */
  #newest(all: readonly T[]): string {
    const lines = new Map<string, string>();
    let bytes = 0;
    for (const one of all.toReversed()) {
      const key = this.#form.keyOf(one);
      if (lines.has(key)) continue;
      const line = this.#lineOf(one);
      bytes += Buffer.byteLength(line);
      if (bytes > this.#mostBytes / 2) break;
      lines.set(key, line);
    }
    return [...lines.values()].toReversed().join("");
  }

  #linesOf(text: string): readonly T[] {
    return text.split("\n").flatMap((line) => this.#form.read(line) ?? []);
  }

  #lineOf(one: T): string {
    return `${this.#form.write(one)}\n`;
  }
}

async function readBytes(file: FileHandle, from: number, to: number): Promise<string> {
  const bytes = Buffer.alloc(to - from);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.toString("utf8", 0, filled);
}

/** False where another process holds it. Two that find one of a dead process may both take it: then a line may be lost. */
async function takeLock(path: string): Promise<boolean> {
  const taken = (): Promise<boolean> =>
    open(path, "wx", mode).then(
      async (file) => {
        await file.close();
        return true;
      },
      (error: unknown) => {
        if (hasCode(error, "EEXIST")) return false;
        throw error;
      },
    );
  if (await taken()) return true;
  if (await isHeld(path)) return false;
  await rm(path, { force: true });
  return await taken();
}

async function isHeld(lock: string): Promise<boolean> {
  const about = await unlessMissing(stat(lock));
  return about !== undefined && Date.now() - about.mtimeMs < staleMs;
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  return await work.catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
