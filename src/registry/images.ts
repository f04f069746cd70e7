import { LRUCache } from "lru-cache";
import { formatPlatform, type Platform } from "../hardware/platform.ts";
import { keptHeapSize, textSize } from "../json/heap-size.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Configured } from "../oci/entry.ts";
import { OciError } from "../oci/error.ts";
import { type FlattenedIndex, flattenInSteps, listOf } from "../oci/flatten.ts";
import { documentKind } from "../oci/media-types.ts";
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
import { Flights } from "./flight.ts";
import type { Image, IndexImage } from "./image.ts";
import { inSlices } from "./in-slices.ts";
import { ReadingRoom } from "./reading-room.ts";
import { flightKey } from "./tenant.ts";
import { type Asker, withCredentials } from "./with-credentials.ts";

export type { Image, IndexImage } from "./image.ts";

/** Bytes of the parsed indexes that are kept; one of 64 builds takes some 50 KiB, the largest that is read 4 MiB. */
const maxListBytes = 32 * 1_048_576;
/** Bytes of an error that is remembered, with its trace. */
const errorBytes = 4_096;
/**
 * Bytes of an index and those nested in it, as they are fetched: the largest document that registries take, and half of
 * what is read at once, so that there is always something left for another namespace.
 */
const maxDocumentsBytes = 4 * 1_048_576;
/** Bytes that one image's manifest may have beyond what its registry claims of it, where that is nothing. */
const smallManifestBytes = 65_536;
/** Bytes of documents that are read at once: two of the largest, of one namespace one. */
const maxReadingBytes = 8 * 1_048_576;
/** Nested indexes that are fetched at once. */
const nestedAtOnce = 4;

/** `retryMs`: the list lacks what a try after so long may find. */
interface ReadList {
  readonly list: VariantList;
  readonly retryMs: number | undefined;
}

type Outcome =
  | {
      readonly list: VariantList;
      /** Milliseconds since the epoch from which another try may find more; never if absent. */
      readonly retryAt?: number | undefined;
    }
  | { readonly error: RegistryError };

export interface ImageSourceOptions {
  /** Of parsed indexes that are kept. */
  readonly maxBytes?: number;
  /** Whether artifacts may be chosen, beside images. */
  readonly artifacts?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Images as the choice of a variant needs them: the upper door of the registry room. */
export class ImageSource {
  readonly #client: RegistryClient;
  /** By access and digest: content addressed, so kept for good; indexes that cannot be read are so for good as well. */
  readonly #lists: LRUCache<string, Outcome>;
  readonly #reading = new Flights<VariantList>();
  readonly #room = new ReadingRoom(maxReadingBytes);
  readonly #now: () => number;

  readonly #artifacts: boolean;

  constructor(client: RegistryClient, options: ImageSourceOptions = {}) {
    const { maxBytes = maxListBytes, artifacts = false, now = Date.now } = options;
    this.#client = client;
    this.#artifacts = artifacts;
    this.#now = now;
    this.#lists = new LRUCache<string, Outcome>({
      maxSize: maxBytes,
      sizeCalculation: (outcome, key) => textSize(key) + ("error" in outcome ? errorBytes : sizeOf(outcome.list)),
    });
  }

  /** Bytes of the parsed indexes that are kept, by estimate. */
  get bytes(): number {
    return this.#lists.calculatedSize;
  }

  /** Looks the image up with these credentials. A warm answer parses and asks nothing. @throws RegistryError */
  async lookup(reference: Reference, access: Access): Promise<Image> {
    const descriptor = await this.#client.resolve(reference, access);
    if (documentKind(descriptor.mediaType) === "manifest") return { kind: "manifest", reference, descriptor };
    return { kind: "index", reference, descriptor, ...(await this.#list(reference, descriptor, access)) };
  }

  /** Looks the image up with each credential that is meant for it, until one is let in. @throws RegistryError */
  async lookupWith(reference: Reference, asker: Asker): Promise<Image> {
    return await withCredentials(reference, asker, (access) => this.lookup(reference, access));
  }

  /**
   * The same, where one image counts as an index that lists it alone: with the platform that is handed in, else that of
   * its configuration, and with what its manifest says that it requires. @throws RegistryError
   */
  async lookupAsIndex(reference: Reference, platform: Platform | undefined, access: Access): Promise<IndexImage> {
    const descriptor = await this.#client.resolve(reference, access);
    const isSingle = documentKind(descriptor.mediaType) === "manifest";
    const list = isSingle
      ? await this.#single(reference, descriptor, platform, access)
      : await this.#list(reference, descriptor, access);
    return { kind: "index", reference, descriptor, ...list };
  }

  async #list(reference: Reference, descriptor: Descriptor, access: Access): Promise<VariantList> {
    const key = `${this.#client.accessName(reference, access.credentials)} ${descriptor.digest}`;
    return await this.#kept(key, access, (own) => this.#read(key, reference, descriptor, own));
  }

  async #single(
    reference: Reference,
    descriptor: Descriptor,
    platform: Platform | undefined,
    access: Access,
  ): Promise<VariantList> {
    const said = platform === undefined ? "" : `${formatPlatform(platform)} ${platform.osVersion ?? ""}`;
    const key = `${this.#client.accessName(reference, access.credentials)} ${descriptor.digest} alone ${said}`;
    return await this.#kept(key, access, (own) => this.#readSingle(key, reference, descriptor, platform, own));
  }

  async #kept(key: string, access: Access, read: (access: Access) => Promise<ReadList>): Promise<VariantList> {
    const known = this.#lists.get(key);
    if (known !== undefined) {
      if ("error" in known) throw known.error;
      if (known.retryAt === undefined || this.#now() < known.retryAt) return known.list;
    }
    return await this.#reading.join(flightKey(key, access.tenant), access.signal, async (signal) => {
      const { list, retryMs } = await read({ ...access, signal });
      this.#lists.set(key, { list, retryAt: retryMs === undefined ? undefined : this.#now() + retryMs });
      return list;
    });
  }

  async #readSingle(
    key: string,
    reference: Reference,
    descriptor: Descriptor,
    platform: Platform | undefined,
    access: Access,
  ): Promise<ReadList> {
    const { digest } = descriptor;
    const { tag: _tag, ...rest } = reference;
    const most = Math.max(descriptor.size, smallManifestBytes);
    const flatten = (configured?: Configured) =>
      this.#room.run(access.tenant?.namespace ?? "", most, access.signal, async () => {
        const manifest = await this.#client.manifest({ ...rest, digest }, access);
        if (manifest.size > most) {
          const message = `${digest} has ${manifest.size} bytes, and ${descriptor.size} were claimed`;
          throw this.#refuse(key, reference, digest, new OciError("SIZE_MISMATCH", message));
        }
        const index = await this.#refusing(key, reference, digest, () =>
          inSlices(singleIndexInSteps(descriptor, manifest.bytes, platform), access.signal, "reading an image"),
        );
        const flat = await this.#flatten(key, reference, digest, new Map([[digest, index]]), configured, access.signal);
        if (!flat.complete) throw new TypeError("nothing is nested in an index of one image");
        return flat;
      });
    const flat = await flatten();
    if (flat.unidentified.length === 0) return { list: listOf(flat), retryMs: undefined };
    const { configured, retryMs } = await this.#configurations(flat.unidentified, reference, access);
    return { list: listOf(await flatten(configured)), retryMs };
  }

  async #read(key: string, reference: Reference, root: Descriptor, access: Access): Promise<ReadList> {
    const namespace = access.tenant?.namespace ?? "";
    /** Bytes of each document, as they are claimed, by digest. */
    const wanted = new Map([[root.digest, root.size]]);
    let read: ReadConfigurations | undefined;
    // Ends: each round adds documents, and depth and number of nested indexes are bounded by flattenIndex; the last one
    // adds configurations, once.
    for (;;) {
      const bytes = [...wanted.values()].reduce((sum, size) => sum + size, 0);
      if (bytes > maxDocumentsBytes) throw this.#refuseSize(key, reference, root.digest, wanted.size);
      // What was fetched for the last round is not kept while this one waits for its turn: the client may have it still.
      const flat = await this.#room.run(namespace, bytes, access.signal, async () => {
        const documents = await this.#fetchAll(key, reference, root.digest, wanted, access);
        const size = documents.get(root.digest)?.length ?? 0;
        // Some registries say less in the answer to a HEAD: it waits for its turn once more, as long as it is.
        if (size > (wanted.get(root.digest) ?? 0)) return size;
        return await this.#flatten(key, reference, root.digest, documents, read?.configured, access.signal);
      });
      if (typeof flat === "number") wanted.set(root.digest, flat);
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
      inTurn: (bytes, signal, work) => this.#room.run(access.tenant?.namespace ?? "", bytes, signal, work),
    };
    return readConfigurations(unidentified, reader, access.signal);
  }

  async #fetchAll(
    key: string,
    { tag: _tag, ...rest }: Reference,
    root: string,
    wanted: ReadonlyMap<string, number>,
    access: Access,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const documents = new Map<string, Uint8Array>();
    const digests = [...wanted];
    for (let start = 0; start < digests.length; start += nestedAtOnce) {
      const some = digests.slice(start, start + nestedAtOnce).map(async ([digest, size]) => {
        const manifest = await this.#client.manifest({ ...rest, digest }, access);
        if (manifest.size > size && digest !== root) {
          const message = `${digest} has ${manifest.size} bytes, and ${size} were claimed`;
          throw this.#refuse(key, rest, root, new OciError("SIZE_MISMATCH", message));
        }
        documents.set(digest, manifest.bytes);
      });
      await Promise.all(some);
    }
    return documents;
  }

  async #flatten(
    key: string,
    reference: Reference,
    digest: string,
    documents: ReadonlyMap<string, Uint8Array>,
    configured: Configured | undefined,
    signal: AbortSignal,
  ): Promise<FlattenedIndex> {
    const options = { artifacts: this.#artifacts, ...(configured === undefined ? {} : { configured }) };
    return await this.#refusing(key, reference, digest, () =>
      inSlices(flattenInSteps(digest, documents, options), signal, "reading an index"),
    );
  }

  async #refusing<T>(key: string, reference: Reference, digest: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      throw cause instanceof OciError ? this.#refuse(key, reference, digest, cause) : cause;
    }
  }

  #refuseSize(key: string, reference: Reference, digest: string, documents: number): RegistryError {
    const text = `the index and those nested in it have more than ${maxDocumentsBytes} bytes`;
    const cause = new OciError("TOO_LARGE", text);
    // One document's size is what a header of an answer says, which nothing vouches for: the next one may say another.
    return documents === 1 ? unreadable(reference, digest, cause) : this.#refuse(key, reference, digest, cause);
  }

  /** An index that cannot be read is so for good. */
  #refuse(key: string, reference: Reference, digest: string, cause: OciError): RegistryError {
    const error = unreadable(reference, digest, cause);
    this.#lists.set(key, { error });
    return error;
  }
}

/** The cause quotes the document, which is for `explain` to show and not for a Warning. */
function unreadable({ registry, repository }: Reference, digest: string, cause: OciError): RegistryError {
  const text = `${registry}/${repository}@${digest}: is no image index that can be read (${cause.code})`;
  return new RegistryError("INVALID", text, { cause });
}

/** Bytes of a list that is kept, by estimate. */
function sizeOf({ variants, warnings, written }: VariantList): number {
  return keptHeapSize(variants) + keptHeapSize(warnings) + (written === undefined ? 0 : keptHeapSize(written));
}
