import { ProxyError } from "./error.ts";
import type { SharedRecord } from "./shared-record.ts";

export interface RecordKeeperOptions<T> {
  readonly record: SharedRecord<T>;
  /** The things that it holds, for messages: `made indexes`. */
  readonly what: string;
  /** Called with all that is written down, the oldest first, where it has changed. */
  readonly take: (all: readonly T[]) => void | Promise<void>;
  /** Called when the record cannot be used: what is known here goes on being known. */
  readonly onError: (error: ProxyError) => void;
  /** Those that could not be written down yet and are kept for another try. */
  readonly mostUnwritten: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Between two tries to write what could not be written, ms: whoever asks meanwhile does not wait for it. */
const retryMs = 10_000;

/** Reads and writes a record for many who ask at once: one reading for all, and one write for all that wait. */
export class RecordKeeper<T> {
  readonly #options: RecordKeeperOptions<T>;
  readonly #now: () => number;
  #unwritten: T[] = [];
  #writing: Promise<void> = Promise.resolve();
  /** Writes all that wait, after the write that is under way. */
  #next: Promise<void> | undefined;
  #reading: Promise<boolean> | undefined;
  #failedAt: number | undefined;

  constructor(options: RecordKeeperOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Resolves once it is written down, or could not be: then it is written with the next one. Never rejects. */
  async write(one: T): Promise<void> {
    this.#unwritten.push(one);
    this.#next ??= this.#writing.then(() => this.#write());
    await this.#next;
  }

  /** Resolves once all that was to be written is, as far as it can be. Tries again what could not be. Never rejects. */
  async settle(): Promise<void> {
    const isDue = this.#failedAt !== undefined && this.#now() - this.#failedAt >= retryMs;
    if (isDue) this.#next ??= this.#writing.then(() => this.#write());
    await (this.#next ?? this.#writing);
  }

  /** Takes all that is written down up to this call; false where it cannot be read. Never rejects. */
  async read(): Promise<boolean> {
    // A reading that has begun may miss what was written since.
    if (this.#reading !== undefined) await this.#reading;
    this.#reading ??= this.#guarded(async () => {
      const all = await this.#options.record.read();
      if (all !== undefined) await this.#options.take(all);
    }).finally(() => {
      this.#reading = undefined;
    });
    return await this.#reading;
  }

  async #write(): Promise<void> {
    this.#next = undefined;
    const batch = this.#unwritten.splice(0);
    const { record, mostUnwritten } = this.#options;
    const writing = this.#guarded(() => record.add(batch)).then((isWritten) => {
      this.#failedAt = isWritten ? undefined : this.#now();
      if (!isWritten) this.#unwritten = [...batch, ...this.#unwritten].slice(-mostUnwritten);
    });
    this.#writing = writing;
    await writing;
  }

  async #guarded(work: () => Promise<void>): Promise<boolean> {
    const { record, what, onError } = this.#options;
    try {
      await work();
      return true;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `${record.place}: cannot be used, so that ${what} are known to this process alone for now: ${reason}`;
      onError(new ProxyError("RECORD_UNUSABLE", text, { cause }));
      return false;
    }
  }
}
