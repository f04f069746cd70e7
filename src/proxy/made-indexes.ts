import { LRUCache } from "lru-cache";
import { ProxyError } from "./error.ts";
import { keyOf, type MadeIndex, type MadeRecord } from "./made-record.ts";

export interface MadeIndexesOptions {
  /** Where they are written down; absent: they are forgotten at the end. */
  readonly record: MadeRecord | undefined;
  /** Called when the record cannot be used: what is made goes on being known here. */
  readonly onError: (error: ProxyError) => void;
  /** Default: 10,000, some 6 MB of memory. */
  readonly most?: number;
}

/** Those that could not be written down yet, and are tried again with the next one. */
const mostUnwritten = 1_000;

/**
 * Remembers the indexes that were made, beyond a restart and for other replicas. Nothing in the record gives a right: an
 * index is made again from what its upstream has, for those who may see its repository.
 */
export class MadeIndexes {
  readonly #options: MadeIndexesOptions;
  readonly #known: LRUCache<string, MadeIndex>;
  #unwritten: MadeIndex[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Writes all that wait, after the write that is under way. */
  #next: Promise<void> | undefined;
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
    const { record } = this.#options;
    if (isNew && record !== undefined) {
      this.#unwritten.push(made);
      this.#next ??= this.#writing.then(() => this.#write(record));
    }
    await (this.#next ?? this.#writing);
  }

  /** Looks into the record too: another replica may have made it. */
  async find(name: string, digest: string): Promise<MadeIndex | undefined> {
    const key = keyOf({ name, digest });
    const known = this.#known.get(key);
    const { record } = this.#options;
    if (known !== undefined || record === undefined) return known;
    // One that has begun may have missed what was written since.
    if (this.#reading !== undefined) await this.#reading;
    if (!this.#known.has(key)) await this.#readOnce(record);
    return this.#known.get(key);
  }

  /** One that is known without looking into the record. */
  known(name: string, digest: string): MadeIndex | undefined {
    return this.#known.get(keyOf({ name, digest }));
  }

  async #write(record: MadeRecord): Promise<void> {
    this.#next = undefined;
    const batch = this.#unwritten.splice(0);
    this.#writing = this.#guarded(record, async () => {
      try {
        await record.add(batch);
      } catch (error) {
        this.#unwritten = [...batch, ...this.#unwritten].slice(-mostUnwritten);
        throw error;
      }
    });
    await this.#writing;
  }

  /** One reading for all that ask meanwhile. */
  async #readOnce(record: MadeRecord): Promise<void> {
    this.#reading ??= this.#guarded(record, () => this.#read(record)).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(record: MadeRecord): Promise<void> {
    for (const made of (await record.read()) ?? []) {
      if (!this.#known.has(keyOf(made))) this.#known.set(keyOf(made), made);
    }
  }

  async #guarded({ place }: MadeRecord, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `${place}: cannot be used, so that made indexes are known to this process alone for now: ${reason}`;
      this.#options.onError(new ProxyError("RECORD_UNUSABLE", text, { cause }));
    }
  }
}
