import { appendFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { ProxyError } from "./error.ts";

/** How an index came to be that no upstream has, so that its bytes can be made again. */
const madeSchema = z.strictObject({
  digest: z.string().max(200),
  /** As in `Reference.name`: `docker.io/qnib/bench`. */
  name: z.string().max(512),
  /** The digest of the index that it was made from. */
  from: z.string().max(200),
  /** The digest of the build that was kept. */
  build: z.string().max(200),
});

export type MadeIndex = z.infer<typeof madeSchema>;

export interface MadeIndexesOptions {
  /** Where they are written down, a line of JSON each; absent: they are forgotten at the end. */
  readonly file: string | undefined;
  /** Called when the file cannot be used: what is made goes on being known here. */
  readonly onError: (error: ProxyError) => void;
  /** Default: 10,000, some 6 MB of memory and as much of disk. */
  readonly most?: number;
}

/** Bytes of the file that are read: 10,000 lines at their longest, twice. */
const maxFileBytes = 32 * 1_048_576;
/** Owner alone: it says which images were asked for. */
const mode = 0o600;

/**
 * Remembers the indexes that were made, beyond a restart and for replicas that share the file. Nothing in it gives a
 * right: an index is made again from what its upstream has, for those who may see its repository.
 */
export class MadeIndexes {
  readonly #options: MadeIndexesOptions;
  readonly #known: LRUCache<string, MadeIndex>;
  /** Lines of the file, as far as they are known. */
  #lines = 0;
  #seen = "";
  #writing: Promise<void> = Promise.resolve();
  #reading: Promise<void> | undefined;

  constructor(options: MadeIndexesOptions) {
    this.#options = options;
    this.#known = new LRUCache({ max: options.most ?? 10_000 });
  }

  /** Resolves once it is written down: only then a client may learn its digest. Never rejects. */
  async remember(made: MadeIndex): Promise<void> {
    const key = keyOf(made);
    const isNew = !this.#known.has(key);
    this.#known.set(key, made);
    const { file } = this.#options;
    if (!isNew || file === undefined) return await this.#writing;
    this.#writing = this.#writing.then(() => this.#guarded(() => this.#write(file, made)));
    await this.#writing;
  }

  /** Looks into the file too, where it changed: another replica may have made it. */
  async find(name: string, digest: string): Promise<MadeIndex | undefined> {
    const key = keyOf({ name, digest });
    const known = this.#known.get(key);
    const { file } = this.#options;
    if (known !== undefined || file === undefined) return known;
    // One that has begun may have missed what was written since.
    if (this.#reading !== undefined) await this.#reading;
    if (!this.#known.has(key)) await this.#readOnce(file);
    return this.#known.get(key);
  }

  /** One reading for all that ask meanwhile. */
  async #readOnce(file: string): Promise<void> {
    this.#reading ??= this.#guarded(() => this.#read(file)).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  /** One that is known without looking into the file. */
  known(name: string, digest: string): MadeIndex | undefined {
    return this.#known.get(keyOf({ name, digest }));
  }

  async #write(file: string, made: MadeIndex): Promise<void> {
    await appendFile(file, lineOf(made), { mode });
    this.#lines += 1;
    if (this.#lines < 2 * this.#known.max) return;
    // Most of it is forgotten: written anew, the oldest first, as it would be read.
    await this.#read(file);
    const draft = `${file}.${process.pid}.draft`;
    try {
      await writeFile(draft, [...this.#known.rvalues()].map((one) => (one === undefined ? "" : lineOf(one))).join(""), {
        mode,
      });
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
    this.#lines = this.#known.size;
  }

  async #read(file: string): Promise<void> {
    const about = await stat(file, { bigint: true }).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    });
    const seen = about === undefined ? "" : `${about.dev} ${about.ino} ${about.size} ${about.mtimeNs}`;
    if (about === undefined || seen === this.#seen) return;
    if (about.size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`);
    const lines = (await readFile(file, "utf8")).split("\n");
    for (const line of lines) {
      const made = readLine(line);
      if (made !== undefined && !this.#known.has(keyOf(made))) this.#known.set(keyOf(made), made);
    }
    this.#lines = lines.length;
    this.#seen = seen;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `${this.#options.file}: cannot be used, so that made indexes are known until the end only: ${reason}`;
      this.#options.onError(new ProxyError("RECORD_UNUSABLE", text, { cause }));
    }
  }
}

function keyOf({ name, digest }: Pick<MadeIndex, "name" | "digest">): string {
  return `${name} ${digest}`;
}

function lineOf(made: MadeIndex): string {
  return `${JSON.stringify(made)}\n`;
}

/** Undefined for what is none: the last line may be half written. */
function readLine(line: string): MadeIndex | undefined {
  try {
    return madeSchema.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
