import { readConfiguration, readConfiguredPlatform } from "../oci/configuration.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Configured } from "../oci/entry.ts";
import { OciError } from "../oci/error.ts";
import type { Steps } from "../oci/steps.ts";
import { systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";
import { RegistryError } from "./error.ts";
import { inSlices } from "./in-slices.ts";

/** Where manifests and configurations come from. */
export interface ContentReader {
  /** Verified content. @throws RegistryError */
  readonly manifest: (descriptor: Descriptor, signal: AbortSignal) => Promise<Uint8Array>;
  /** Verified content. @throws RegistryError */
  readonly blob: (descriptor: Descriptor, signal: AbortSignal) => Promise<Uint8Array>;
  /** Does work on so many bytes when there is room for it. @throws RegistryError ABORTED, and whatever the work throws */
  readonly inTurn: <T>(bytes: number, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

export interface ReadConfigurations {
  /** The answer for each entry. */
  readonly configured: Configured;
  /** Milliseconds after which another try may find more; undefined where none will. */
  readonly retryMs: number | undefined;
}

/** Entries of one index whose configurations are read; more have no platform only by mistake. */
const maxConfigurations = 16;
/** Bytes. Configurations in use have some ten thousand: the history of the build is most of them. */
export const maxConfigurationBytes = 1_048_576;
/** Bytes of an image's manifest. Those in use have some thousand: a line for each layer. */
const maxManifestBytes = 262_144;
/** Bytes of all that is read for one index: it takes half a second of the processor at most. */
const maxBytes = 2_097_152;
/** Longest time for all of an index, ms: the choice among the other entries does not wait for a storage that hangs. */
const patienceMs = 1_500;
/** Entries that are read at once. */
const atOnce = 4;
/** After a failure of the moment, ms: an image whose storage hangs costs so many admissions nothing. */
const soonMs = 15_000;
/** After a refusal, ms: rights are given, and content that was missing is pushed. */
const laterMs = 600_000;

type Platforms = Map<string, NonNullable<ReturnType<Configured["get"]>>>;

/**
 * Reads the platforms of entries that name none where runtimes find them: in their image configurations. An entry that
 * cannot be read is `unread`: an index is not worth less for it than without. The first entries of the index are read, as
 * far as the bounds go, whatever order answers come in.
 * @throws RegistryError ABORTED where the signal ends first
 */
export async function readConfigurations(
  entries: readonly Descriptor[],
  reader: ContentReader,
  signal: AbortSignal,
): Promise<ReadConfigurations> {
  const distinct = [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
  const platforms: Platforms = new Map(distinct.map(({ digest }) => [digest, "unread"]));
  const patience = new Deadline(systemClock, signal, "reading configurations", patienceMs);
  try {
    const reading = new Reading(reader, signal, patience.signal);
    const manifests = reading.affordable(distinct.slice(0, maxConfigurations), maxManifestBytes);
    const named = await reading.each(manifests, (entry) => reading.configurationOf(entry));
    const configurations = reading.affordable([...named.values()], maxConfigurationBytes);
    const read = await reading.each(configurations, (configuration) => reading.platformOf(configuration));
    for (const [{ digest }, configuration] of named) {
      const platform = read.get(configuration);
      if (platform !== undefined) platforms.set(digest, platform);
    }
    return { configured: platforms, retryMs: reading.retryMs };
  } finally {
    patience.end();
  }
}

/** The reading for one index, within its bounds. */
class Reading {
  readonly #reader: ContentReader;
  readonly #signal: AbortSignal;
  readonly #patience: AbortSignal;
  #bytesLeft = maxBytes;
  retryMs: number | undefined;

  constructor(reader: ContentReader, signal: AbortSignal, patience: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
    this.#patience = patience;
  }

  /** Those that are small enough, the first ones as far as the bytes last. */
  affordable(descriptors: readonly Descriptor[], most: number): readonly Descriptor[] {
    return descriptors.filter(({ size }) => {
      if (size > most || size > this.#bytesLeft) return false;
      this.#bytesLeft -= size;
      return true;
    });
  }

  /** The answers there are, in the order of the questions. @throws RegistryError ABORTED */
  async each<T>(
    descriptors: readonly Descriptor[],
    read: (descriptor: Descriptor) => Promise<T>,
  ): Promise<ReadonlyMap<Descriptor, T>> {
    const answers = new Map<Descriptor, T>();
    for (let start = 0; start < descriptors.length; start += atOnce) {
      const some = descriptors.slice(start, start + atOnce);
      const values = await Promise.all(some.map((descriptor) => this.#unlessFailed(() => read(descriptor))));
      for (const [at, descriptor] of some.entries()) {
        const answer = values[at];
        if (answer !== undefined) answers.set(descriptor, answer.value);
      }
    }
    return answers;
  }

  /** @throws RegistryError, OciError */
  async configurationOf(entry: Descriptor): Promise<Descriptor> {
    return await this.#read(entry, this.#reader.manifest, readConfiguration);
  }

  /** @throws RegistryError, OciError */
  async platformOf(configuration: Descriptor) {
    return await this.#read(configuration, this.#reader.blob, readConfiguredPlatform);
  }

  #read<T>(descriptor: Descriptor, fetch: ContentReader["blob"], parse: (bytes: Uint8Array) => Steps<T>): Promise<T> {
    const { digest, size } = descriptor;
    return this.#reader.inTurn(size, this.#patience, async () => {
      const bytes = await fetch(descriptor, this.#patience);
      if (bytes.length > size) {
        throw new OciError("SIZE_MISMATCH", `${digest} has ${bytes.length} bytes, and ${size} were claimed`);
      }
      return await inSlices(parse(bytes), this.#patience, "reading a configuration");
    });
  }

  async #unlessFailed<T>(read: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      return { value: await read() };
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#retryAfter(this.#patience.aborted ? soonMs : retryMsOf(error));
      return undefined;
    }
  }

  #retryAfter(ms: number | undefined): void {
    if (ms !== undefined) this.retryMs = Math.min(this.retryMs ?? ms, ms);
  }
}

/** @throws what is no failure of a registry or a document */
function retryMsOf(error: unknown): number | undefined {
  if (error instanceof RegistryError) return error.temporary ? soonMs : laterMs;
  if (error instanceof OciError) return undefined;
  throw error;
}
