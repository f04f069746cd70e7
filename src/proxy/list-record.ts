import { appendFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { computeDigest } from "../oci/digest.ts";
import { OciError } from "../oci/error.ts";
import { ociIndex } from "../oci/media-types.ts";
import { ProxyError } from "./error.ts";
import { type ListIndex, type Source, sourceOf } from "./list-index.ts";

const lineSchema = z.strictObject({
  /** When a list last led to it, ms since the epoch. */
  at: z.number().int(),
  /** The asked repository, as in `Reference.name`. */
  name: z.string().max(512),
  /** The index that the list made. */
  text: z.string().max(1_048_576),
  sources: z.record(z.string().max(200), z.string().max(512)),
});

type Line = z.infer<typeof lineSchema>;

interface Kept extends ListIndex {
  readonly at: number;
}

export interface ListRecordOptions {
  /** Where it is written down, a line of JSON each; absent: it is forgotten at the end. */
  readonly file: string | undefined;
  /** Called when the file cannot be used: what is served goes on being known here. */
  readonly onError: (error: ProxyError) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Bytes that are known; one list of ten builds takes 4 KiB. */
const maxBytes = 8 * 1_048_576;
/** Bytes of the file that are read, and from which on it is written anew. */
const maxFileBytes = 32 * 1_048_576;
const mostFileBytes = 2 * maxBytes;
/** States of the lists for one repository. */
const mostOfOne = 32;
/**
 * How long one is answered after a list led to it last, ms, and after how long that is written again. So whatever a name
 * brought is answered for two hours at least: a pull that began goes on for an hour after its list has moved.
 */
const keptMs = 3 * 3_600_000;
const renewMs = 3_600_000;
/** Owner alone: it says where builds are found, as the keys beside it say who may ask. */
const mode = 0o600;

/** Remembers what lists led to lately, by the name that was asked for, beyond a change of the list and beyond a restart. */
export class ListRecord {
  readonly #options: ListRecordOptions;
  readonly #now: () => number;
  readonly #known = new LRUCache<string, readonly Kept[]>({
    maxSize: maxBytes,
    sizeCalculation: (states, name) => name.length + 1 + states.reduce((sum, state) => sum + sizeOf(state), 0),
  });
  #fileBytes = 0;
  #seen = "";
  #work: Promise<void> = Promise.resolve();

  constructor(options: ListRecordOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Resolves once it is written down. Never rejects. */
  async remember(name: string, index: ListIndex): Promise<void> {
    const at = this.#now();
    const before = this.of(name).find(({ manifest }) => manifest.digest === index.manifest.digest);
    if (before !== undefined && at - before.at < renewMs && sameSources(before, index)) return;
    this.#keep(name, { ...index, at });
    const { file } = this.#options;
    if (file !== undefined) await this.#inTurn(file, () => this.#write(file, lineOf(name, { ...index, at })));
  }

  /** All that is known of a repository, the latest first. */
  of(name: string): readonly Kept[] {
    const states = this.#known.get(name) ?? [];
    const now = this.#now();
    return states.filter(({ at }) => now - at < keptMs);
  }

  /** Looks into the file, where it changed: another process may have written it. Never rejects. */
  async read(): Promise<void> {
    const { file } = this.#options;
    if (file !== undefined) await this.#inTurn(file, () => this.#read(file));
  }

  #keep(name: string, state: Kept): void {
    const others = this.of(name).filter(({ manifest }) => manifest.digest !== state.manifest.digest);
    const states = [state, ...others].sort((one, other) => other.at - one.at);
    let bytes = 0;
    const kept = states.slice(0, mostOfOne).filter((one) => {
      bytes += sizeOf(one);
      return bytes < maxBytes / 4;
    });
    this.#known.set(name, kept);
  }

  async #write(file: string, line: string): Promise<void> {
    await appendFile(file, line, { mode });
    this.#fileBytes += line.length;
    if (this.#fileBytes < mostFileBytes) return;
    await this.#read(file);
    const draft = `${file}.${process.pid}.draft`;
    const lines = [...this.#known.entries()].flatMap(([name]) => this.of(name).map((state) => lineOf(name, state)));
    const text = lines.toReversed().join("");
    try {
      await writeFile(draft, text, { mode });
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
    this.#fileBytes = text.length;
  }

  async #read(file: string): Promise<void> {
    const about = await stat(file, { bigint: true }).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    });
    const seen = about === undefined ? "" : `${about.dev} ${about.ino} ${about.size} ${about.mtimeNs}`;
    if (about === undefined || seen === this.#seen) return;
    if (about.size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`);
    for (const text of (await readFile(file, "utf8")).split("\n")) {
      const line = readLine(text);
      if (line !== undefined) this.#take(line);
    }
    this.#fileBytes = Number(about.size);
    this.#seen = seen;
  }

  #take({ at, name, text, sources }: Line): void {
    const now = this.#now();
    if (at > now || now - at >= keptMs) return;
    const bytes = Buffer.from(text);
    const digest = computeDigest(bytes);
    const before = this.of(name).find(({ manifest }) => manifest.digest === digest);
    if (before !== undefined && before.at >= at) return;
    const manifest = { bytes, mediaType: ociIndex, size: bytes.length, digest };
    this.#keep(name, { manifest, sources: readSources(sources), at });
  }

  async #inTurn(file: string, work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = `${file}: cannot be used, so that what lists led to is known until the end only: ${reason}`;
      this.#options.onError(new ProxyError("RECORD_UNUSABLE", text, { cause }));
    });
    await this.#work;
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

function lineOf(name: string, { manifest, sources, at }: Kept): string {
  const text = Buffer.from(manifest.bytes).toString("utf8");
  const named = [...sources].map(([digest, source]) => [digest, source.name]);
  return `${JSON.stringify({ at, name, text, sources: Object.fromEntries(named) })}\n`;
}

/** Without those that are none. */
function readSources(sources: Line["sources"]): ReadonlyMap<string, Source> {
  const read = new Map<string, Source>();
  for (const [digest, text] of Object.entries(sources)) {
    try {
      read.set(digest, sourceOf(text));
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
    }
  }
  return read;
}

/** Undefined for what is none: the last line may be half written. */
function readLine(text: string): Line | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
