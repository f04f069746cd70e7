import { LRUCache } from "lru-cache";
import { keptHeapSize, textSize } from "../json/heap-size.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OciError } from "../oci/error.ts";
import { type FlattenedIndex, flattenInSteps } from "../oci/flatten.ts";
import { documentKind } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";
import { RegistryError } from "./error.ts";
import { Flights } from "./flight.ts";
import { inSlices } from "./in-slices.ts";
import { ReadingRoom } from "./reading-room.ts";
import { flightKey } from "./tenant.ts";
import { type Asker, withCredentials } from "./with-credentials.ts";

/** An image as its reference names it. */
export type Image =
  | {
      readonly kind: "index";
      readonly reference: Reference;
      /** The descriptor of the index. */
      readonly descriptor: Descriptor;
      /** Nested indexes flattened. The same array for the same digest, so that what follows from it can be kept. */
      readonly variants: readonly Variant[];
      /** For `explain`. They may quote the index: not for a Pod's owner. */
      readonly warnings: readonly string[];
    }
  | {
      /** One image, with no choice in it. */
      readonly kind: "manifest";
      readonly reference: Reference;
      readonly descriptor: Descriptor;
    };

/** An index, among whose builds there is a choice. */
export type IndexImage = Image & { readonly kind: "index" };

/** Bytes of the parsed indexes that are kept; one of 64 builds takes some 50 KiB, the largest that is read 4 MiB. */
const maxListBytes = 32 * 1_048_576;
/** Bytes of an error that is remembered, with its trace. */
const errorBytes = 4_096;
/** Bytes of an index and those nested in it, as they are fetched: twice the largest document that registries take. */
const maxDocumentsBytes = 8 * 1_048_576;
/** Bytes of documents that are read at once: two of the largest, of one namespace one. */
const maxReadingBytes = 8 * 1_048_576;
/** Nested indexes that are fetched at once. */
const nestedAtOnce = 4;

type Outcome = { readonly list: VariantList } | { readonly error: RegistryError };

/** Images as the choice of a variant needs them: the upper door of the registry room. */
export class ImageSource {
  readonly #client: RegistryClient;
  /** By access and digest: content addressed, so kept for good; indexes that cannot be read are so for good as well. */
  readonly #lists: LRUCache<string, Outcome>;
  readonly #reading = new Flights<VariantList>();
  readonly #room = new ReadingRoom(maxReadingBytes);

  /** @param maxBytes of parsed indexes that are kept */
  constructor(client: RegistryClient, maxBytes = maxListBytes) {
    this.#client = client;
    this.#lists = new LRUCache<string, Outcome>({
      maxSize: maxBytes,
      sizeCalculation: (outcome, key) =>
        textSize(key) +
        ("error" in outcome ? errorBytes : keptHeapSize(outcome.list.variants) + keptHeapSize(outcome.list.warnings)),
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
    const { variants, warnings } = await this.#list(reference, descriptor, access);
    return { kind: "index", reference, descriptor, variants, warnings };
  }

  /** Looks the image up with each credential that is meant for it, until one is let in. @throws RegistryError */
  async lookupWith(reference: Reference, asker: Asker): Promise<Image> {
    return await withCredentials(reference, asker, (access) => this.lookup(reference, access));
  }

  async #list(reference: Reference, descriptor: Descriptor, access: Access): Promise<VariantList> {
    const key = `${this.#client.accessName(reference, access.credentials)} ${descriptor.digest}`;
    const known = this.#lists.get(key);
    if (known !== undefined) {
      if ("error" in known) throw known.error;
      return known.list;
    }
    return await this.#reading.join(flightKey(key, access.tenant), access.signal, async (signal) => {
      const list = await this.#read(key, reference, descriptor, { ...access, signal });
      this.#lists.set(key, { list });
      return list;
    });
  }

  async #read(key: string, reference: Reference, root: Descriptor, access: Access): Promise<VariantList> {
    const namespace = access.tenant?.namespace ?? "";
    /** Bytes of each document, as they are claimed, by digest. */
    const wanted = new Map([[root.digest, root.size]]);
    // Ends: each round adds documents, and depth and number of nested indexes are bounded by flattenIndex.
    for (;;) {
      const bytes = [...wanted.values()].reduce((sum, size) => sum + size, 0);
      if (bytes > maxDocumentsBytes) {
        const message = `the index and those nested in it have more than ${maxDocumentsBytes} bytes`;
        throw this.#refuse(key, reference, root.digest, new OciError("TOO_LARGE", message));
      }
      // What was fetched for the last round is not kept while this one waits for its turn: the client may have it still.
      const flat = await this.#room.run(namespace, bytes, access.signal, async () => {
        const documents = await this.#fetchAll(key, reference, root.digest, wanted, access);
        return await this.#flatten(key, reference, root.digest, documents, access.signal);
      });
      if (flat.complete) return { variants: flat.variants, warnings: flat.warnings };
      for (const { digest, size } of flat.missing) wanted.set(digest, size);
    }
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
        if (manifest.size > size) {
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
    signal: AbortSignal,
  ): Promise<FlattenedIndex> {
    try {
      return await inSlices(flattenInSteps(digest, documents), signal, "reading an index");
    } catch (cause) {
      throw cause instanceof OciError ? this.#refuse(key, reference, digest, cause) : cause;
    }
  }

  /** An index that cannot be read is so for good. */
  #refuse(key: string, reference: Reference, digest: string, cause: OciError): RegistryError {
    // The cause quotes the document, which is for `explain` to show and not for a Warning.
    const text = `${reference.registry}/${reference.repository}@${digest}: is no image index that can be read (${cause.code})`;
    const error = new RegistryError("INVALID", text, { cause });
    this.#lists.set(key, { error });
    return error;
  }
}
