import type { Platform } from "../hardware/platform.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Configured } from "../oci/entry.ts";
import { OciError } from "../oci/error.ts";
import { type FlattenedIndex, flattenInSteps, listOf } from "../oci/flatten.ts";
import type { Reference } from "../oci/reference.ts";
import { singleIndexInSteps } from "../oci/single-index.ts";
import type { VariantList } from "../oci/variant.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";
import {
  type ContentReader,
  maxConfigurationBytes,
  type ReadConfigurations,
  readConfigurations,
} from "./configurations.ts";
import { RegistryError } from "./error.ts";
import { inSlices } from "./in-slices.ts";
import { ReadingRooms } from "./reading-rooms.ts";

/**
 * Bytes of an index and those nested in it, as they are fetched: the largest document that registries take, and half of
 * what is read at once, so that there is always something left for another namespace.
 */
const maxDocumentsBytes = 4 * 1_048_576;
/** Bytes that one image's manifest may have beyond what its registry claims of it, where that is nothing. */
const smallManifestBytes = 65_536;
/** Nested indexes that are fetched at once. */
const nestedAtOnce = 4;

/** `retryMs`: the list lacks what a try after so long may find. */
export interface ReadList {
  readonly list: VariantList;
  readonly retryMs: number | undefined;
}

/** An index that is none: for good, where its own bytes are wrong. */
export class UnreadableIndex extends RegistryError {
  readonly lasting: boolean;

  /** The cause quotes the document, which is for `explain` to show and not for a Warning. */
  constructor({ registry, repository }: Reference, digest: string, cause: OciError, lasting = true) {
    const text = `${registry}/${repository}@${digest}: is no image index that can be read (${cause.code})`;
    super("INVALID", text, { cause });
    this.lasting = lasting;
  }
}

/** Reads indexes with all that is nested in them, and single images as indexes, in turns and in slices. */
export class IndexReader {
  readonly #client: RegistryClient;
  readonly #artifacts: boolean;
  readonly #rooms = new ReadingRooms();

  /** @param artifacts whether they may be chosen, beside images */
  constructor(client: RegistryClient, artifacts: boolean) {
    this.#client = client;
    this.#artifacts = artifacts;
  }

  /**
   * One image as an index that lists it alone. `platform` where it is not that of its configuration.
   * @throws RegistryError, UnreadableIndex
   */
  async readSingle(
    reference: Reference,
    descriptor: Descriptor,
    platform: Platform | undefined,
    access: Access,
  ): Promise<ReadList> {
    const { digest } = descriptor;
    const { tag: _tag, ...rest } = reference;
    const most = Math.max(descriptor.size, smallManifestBytes);
    const flatten = (configured?: Configured) =>
      this.#rooms.run(access.tenant?.namespace ?? "", most, access.signal, async () => {
        const manifest = await this.#client.manifest({ ...rest, digest }, access, most);
        const index = await this.#refusing(reference, digest, () =>
          inSlices(singleIndexInSteps(descriptor, manifest.bytes, platform), access.signal, "reading an image"),
        );
        const flat = await this.#flatten(reference, digest, new Map([[digest, index]]), configured, access.signal);
        if (!flat.complete) throw new TypeError("nothing is nested in an index of one image");
        return flat;
      });
    const flat = await flatten();
    if (flat.unidentified.length === 0) return { list: listOf(flat), retryMs: undefined };
    const { configured, retryMs } = await this.#configurations(flat.unidentified, reference, access);
    return { list: listOf(await flatten(configured)), retryMs };
  }

  /** @throws RegistryError, UnreadableIndex */
  async read(reference: Reference, root: Descriptor, access: Access): Promise<ReadList> {
    const namespace = access.tenant?.namespace ?? "";
    /** Bytes of each document, as they are claimed, by digest. */
    const wanted = new Map([[root.digest, root.size]]);
    let read: ReadConfigurations | undefined;
    // Ends: each round adds documents, and depth and number of nested indexes are bounded by flattenIndex; the last one
    // adds configurations, once.
    for (;;) {
      const bytes = [...wanted.values()].reduce((sum, size) => sum + size, 0);
      if (bytes > maxDocumentsBytes) throw refuseSize(reference, root.digest, wanted.size);
      // What was fetched for the last round is not kept while this one waits for its turn: the client may have it still.
      const flat = await this.#rooms.run(namespace, bytes, access.signal, async () => {
        const documents = await this.#fetchAll(reference, root.digest, wanted, access);
        if (documents === undefined) return undefined;
        // From here on it counts for what it is: what is nested in it has the rest of the bytes.
        wanted.set(root.digest, documents.get(root.digest)?.length ?? 0);
        return await this.#flatten(reference, root.digest, documents, read?.configured, access.signal);
      });
      // Some registries say less in the answer to a HEAD: it waits for its turn once more, as long as it may be.
      if (flat === undefined) wanted.set(root.digest, maxDocumentsBytes);
      else if (!flat.complete) for (const { digest, size } of flat.missing) wanted.set(digest, size);
      else if (flat.unidentified.length === 0) return { list: listOf(flat), retryMs: read?.retryMs };
      else read = await this.#configurations(flat.unidentified, reference, access);
    }
  }

  /** The platforms that only the images' configurations say. */
  #configurations(
    unidentified: Parameters<typeof readConfigurations>[0],
    { tag: _tag, ...rest }: Reference,
    access: Access,
  ): Promise<ReadConfigurations> {
    const reader: ContentReader = {
      manifest: async ({ digest }, signal) =>
        (await this.#client.manifest({ ...rest, digest }, { ...access, signal })).bytes,
      blob: ({ digest }, signal) => this.#client.blob(rest, digest, { ...access, signal }, maxConfigurationBytes),
      inTurn: (bytes, signal, work) => this.#rooms.run(access.tenant?.namespace ?? "", bytes, signal, work),
    };
    return readConfigurations(unidentified, reader, access.signal);
  }

  /** Undefined where the first document is larger than its registry says. */
  async #fetchAll(
    { tag: _tag, ...rest }: Reference,
    root: string,
    wanted: ReadonlyMap<string, number>,
    access: Access,
  ): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const documents = new Map<string, Uint8Array>();
    const digests = [...wanted];
    for (let start = 0; start < digests.length; start += nestedAtOnce) {
      const some = digests.slice(start, start + nestedAtOnce).map(async ([digest, size]) => {
        const bytes = await this.#fetch({ ...rest, digest }, size, access);
        if (bytes !== undefined) documents.set(digest, bytes);
        else if (digest !== root) {
          const cause = new OciError("SIZE_MISMATCH", `${digest} has more than the ${size} bytes that were claimed`);
          throw new UnreadableIndex(rest, root, cause);
        }
      });
      await Promise.all(some);
    }
    return documents.has(root) ? documents : undefined;
  }

  /** Undefined where it has more bytes. */
  async #fetch(reference: Reference, size: number, access: Access): Promise<Uint8Array | undefined> {
    try {
      const { bytes } = await this.#client.manifest(reference, access, size);
      return bytes.length > size ? undefined : bytes;
    } catch (error) {
      // Beyond the largest document there is nothing more to wait for.
      const isLarger = error instanceof RegistryError && error.code === "TOO_LARGE" && size < maxDocumentsBytes;
      if (isLarger) return undefined;
      throw error;
    }
  }

  async #flatten(
    reference: Reference,
    digest: string,
    documents: ReadonlyMap<string, Uint8Array>,
    configured: Configured | undefined,
    signal: AbortSignal,
  ): Promise<FlattenedIndex> {
    const options = { artifacts: this.#artifacts, ...(configured === undefined ? {} : { configured }) };
    return await this.#refusing(reference, digest, () =>
      inSlices(flattenInSteps(digest, documents, options), signal, "reading an index"),
    );
  }

  async #refusing<T>(reference: Reference, digest: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      throw cause instanceof OciError ? new UnreadableIndex(reference, digest, cause) : cause;
    }
  }
}

function refuseSize(reference: Reference, digest: string, documents: number): UnreadableIndex {
  const cause = new OciError("TOO_LARGE", `the index and those nested in it have more than ${maxDocumentsBytes} bytes`);
  // One document's size is what a header of an answer says, which nothing vouches for: the next one may say another. Of
  // several, the first was read, and its bytes say how large the others are.
  return new UnreadableIndex(reference, digest, cause, documents > 1);
}
