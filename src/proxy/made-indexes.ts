import { LRUCache } from "lru-cache";
import type { ProxyError } from "./error.ts";
import { keyOf, type MadeIndex } from "./made-record.ts";
import { RecordKeeper } from "./record-keeper.ts";
import type { SharedRecord } from "./shared-record.ts";

export interface MadeIndexesOptions {
  /** Where they are written down; absent: they are forgotten at the end. */
  readonly record: SharedRecord<MadeIndex> | undefined;
  /** Called when the record cannot be used: what is made goes on being known here. */
  readonly onError: (error: ProxyError) => void;
  /** Default: 10,000, some 6 MB of memory. */
  readonly most?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Those that could not be written down yet, and are tried again with the next one. */
const mostUnwritten = 1_000;

/**
 * Remembers the indexes that were made, beyond a restart and for other replicas. Nothing in the record gives a right: an
 * index is made again from what its upstream has, for those who may see its repository.
 */
export class MadeIndexes {
  readonly #known: LRUCache<string, MadeIndex>;
  readonly #keeper: RecordKeeper<MadeIndex> | undefined;

  constructor({ record, onError, most, now }: MadeIndexesOptions) {
    this.#known = new LRUCache({ max: most ?? 10_000 });
    const take = (all: readonly MadeIndex[]): void => this.#take(all);
    const time = now === undefined ? {} : { now };
    this.#keeper = record && new RecordKeeper({ record, what: "made indexes", take, onError, mostUnwritten, ...time });
  }

  /** Resolves once it is written down: only then a client may learn its digest. Never rejects. */
  async remember(made: MadeIndex): Promise<void> {
    const key = keyOf(made);
    const isNew = !this.#known.has(key);
    this.#known.set(key, made);
    if (isNew) await this.#keeper?.write(made);
    else await this.#keeper?.settle();
  }

  /** Looks into the record too: another replica may have made it. "unreadable": nobody can say whether one has. */
  async find(name: string, digest: string): Promise<MadeIndex | "unreadable" | undefined> {
    const known = this.known(name, digest);
    if (known !== undefined || this.#keeper === undefined) return known;
    const isRead = await this.#keeper.read();
    return this.known(name, digest) ?? (isRead ? undefined : "unreadable");
  }

  /** One that is known without looking into the record. */
  known(name: string, digest: string): MadeIndex | undefined {
    return this.#known.get(keyOf({ name, digest }));
  }

  #take(all: readonly MadeIndex[]): void {
    for (const made of all) {
      if (!this.#known.has(keyOf(made))) this.#known.set(keyOf(made), made);
    }
  }
}
