import { LRUCache } from "lru-cache";
import { ProxyError } from "./error.ts";
import { type LedLine, packLine, unpackLine } from "./led-line.ts";
import type { ListIndex } from "./list-index.ts";
import { RecordKeeper } from "./record-keeper.ts";
import type { SharedRecord } from "./shared-record.ts";

interface Kept extends ListIndex {
  /** When a list last led to it, ms since the epoch. */
  readonly led: number;
}

export interface ListRecordOptions {
  /** Where it is written down; absent: it is forgotten at the end. */
  readonly record: SharedRecord<LedLine> | undefined;
  /** Called when the record cannot be used: what is served goes on being known here. */
  readonly onError: (error: ProxyError) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Bytes that are known; one list of ten builds takes 4 KiB. */
const maxBytes = 8 * 1_048_576;
/** States of the lists for one repository. */
const mostOfOne = 32;
/**
 * How long one is answered after a list led to it last, ms, and after how long that is written again. So whatever a name
 * brought is answered for two hours at least: a pull that began goes on for an hour after its list has moved.
 */
const keptMs = 3 * 3_600_000;
const renewMs = 3_600_000;
/** The clock of another replica may be ahead by this, ms. */
const aheadMs = 300_000;
/** Those that could not be written down yet, of 160 KiB at most. */
const mostUnwritten = 64;

/**
 * Remembers what lists led to lately, by the name that was asked for: beyond a change of the list, beyond a restart, and
 * for other replicas.
 */
export class ListRecord {
  readonly #options: ListRecordOptions;
  readonly #now: () => number;
  readonly #keeper: RecordKeeper<LedLine> | undefined;
  readonly #known = new LRUCache<string, readonly Kept[]>({
    maxSize: maxBytes,
    sizeCalculation: (states, name) => name.length + 1 + states.reduce((sum, state) => sum + sizeOf(state), 0),
  });

  constructor(options: ListRecordOptions) {
    this.#options = options;
    const now = options.now ?? Date.now;
    this.#now = now;
    const { record, onError } = options;
    const take = (all: readonly LedLine[]): Promise<void> => this.#take(all);
    this.#keeper =
      record && new RecordKeeper({ record, what: "names that lists made", take, onError, mostUnwritten, now });
  }

  /** Resolves once it is written down: only then a client may learn of it. Never rejects. */
  async remember(name: string, index: ListIndex): Promise<void> {
    const led = this.#now();
    const before = this.#find(name, index.manifest.digest);
    if (before !== undefined && led - before.led < renewMs && sameSources(before, index)) {
      await this.#keeper?.settle();
      return;
    }
    this.#keep(name, { ...index, led });
    if (this.#keeper === undefined) return;
    const line = await packLine(led, name, index);
    if (line === undefined) {
      const text = `${name}: too many builds to be written down: what its list leads to is known to this process alone`;
      this.#options.onError(new ProxyError("RECORD_UNUSABLE", text));
    } else await this.#keeper.write(line);
  }

  /** All that is known of a repository, the latest first. */
  of(name: string): readonly Kept[] {
    const now = this.#now();
    return (this.#known.get(name) ?? []).filter(({ led }) => now - led < keptMs);
  }

  /** Learns what another process wrote down; false where nobody can say that. Never rejects. */
  async read(): Promise<boolean> {
    return (await this.#keeper?.read()) ?? true;
  }

  #find(name: string, digest: string): Kept | undefined {
    return this.of(name).find(({ manifest }) => manifest.digest === digest);
  }

  #keep(name: string, state: Kept): void {
    const others = this.of(name).filter(({ manifest }) => manifest.digest !== state.manifest.digest);
    const states = [state, ...others].sort((one, other) => other.led - one.led);
    let bytes = 0;
    const kept = states.slice(0, mostOfOne).filter((one) => {
      bytes += sizeOf(one);
      return bytes < maxBytes / 4;
    });
    this.#known.set(name, kept);
  }

  async #take(all: readonly LedLine[]): Promise<void> {
    for (const line of all) {
      const now = this.#now();
      const led = Math.min(line.led, now);
      if (line.led > now + aheadMs || now - led >= keptMs) continue;
      const before = this.#find(line.name, line.digest);
      if (before !== undefined && before.led >= led) continue;
      const index = await unpackLine(line);
      if (index !== undefined) this.#keep(line.name, { ...index, led });
    }
  }
}

function sizeOf({ manifest, sources }: ListIndex): number {
  return manifest.size + 256 * (sources.size + 1);
}

function sameSources(one: ListIndex, other: ListIndex): boolean {
  if (one.sources === other.sources) return true;
  if (one.sources.size !== other.sources.size) return false;
  return [...one.sources].every(([digest, { name }]) => other.sources.get(digest)?.name === name);
}
