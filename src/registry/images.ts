import { LRUCache } from "lru-cache";
import { formatPlatform, type Platform } from "../hardware/platform.ts";
import { keptHeapSize, textSize } from "../json/heap-size.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { documentKind } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { VariantList } from "../oci/variant.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";
import type { RegistryError } from "./error.ts";
import { Flights } from "./flight.ts";
import type { Image, IndexImage } from "./image.ts";
import { IndexReader, type ReadList, UnreadableIndex } from "./index-reader.ts";
import { flightKey } from "./tenant.ts";
import { type Asker, withCredentials } from "./with-credentials.ts";

export type { Image, IndexImage } from "./image.ts";

/** Bytes of the parsed indexes that are kept; one of 64 builds takes some 50 KiB, the largest that is read 4 MiB. */
const maxListBytes = 32 * 1_048_576;
/** Bytes of an error that is remembered, with its trace. */
const errorBytes = 4_096;
type Outcome =
  | {
      readonly list: VariantList;
      /** Milliseconds since the epoch from which another try may find more; absent: the list is whole. */
      readonly retryAt?: number;
    }
  | { readonly error: RegistryError };

/** A list as an image has it. */
type KeptList = VariantList & Pick<IndexImage, "incomplete">;

export interface ImageSourceOptions {
  /** Bytes of the parsed indexes that are kept. */
  readonly maxBytes?: number;
  /** Whether artifacts may be chosen, beside images. */
  readonly artifacts?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Images as the choice of a variant needs them: the upper door of the registry room. */
export class ImageSource {
  readonly #client: RegistryClient;
  readonly #reader: IndexReader;
  /**
   * By access and digest: content addressed, so kept for good; indexes that cannot be read are so for good as well. A list
   * that is not whole is its namespace's own: what cut it short may be no more than that namespace's hunger.
   */
  readonly #lists: LRUCache<string, Outcome>;
  readonly #reading = new Flights<KeptList>();
  readonly #now: () => number;

  constructor(client: RegistryClient, options: ImageSourceOptions = {}) {
    const { maxBytes = maxListBytes, artifacts = false, now = Date.now } = options;
    this.#client = client;
    this.#reader = new IndexReader(client, artifacts);
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

  async #list(reference: Reference, descriptor: Descriptor, access: Access): Promise<KeptList> {
    const key = `${this.#client.accessName(reference, access.credentials)} ${descriptor.digest}`;
    return await this.#kept(key, access, (own) => this.#reader.read(reference, descriptor, own));
  }

  async #single(
    reference: Reference,
    descriptor: Descriptor,
    platform: Platform | undefined,
    access: Access,
  ): Promise<KeptList> {
    const said = platform === undefined ? "" : `${formatPlatform(platform)} ${platform.osVersion ?? ""}`;
    const key = `${this.#client.accessName(reference, access.credentials)} ${descriptor.digest} alone ${said}`;
    return await this.#kept(key, access, (own) => this.#reader.readSingle(reference, descriptor, platform, own));
  }

  async #kept(key: string, access: Access, read: (access: Access) => Promise<ReadList>): Promise<KeptList> {
    const known = this.#lists.get(key);
    if (known !== undefined) {
      if ("error" in known) throw known.error;
      return known.list;
    }
    const own = flightKey(`${key} incomplete`, access.tenant);
    const lacking = this.#lists.get(own);
    if (lacking !== undefined && "list" in lacking && this.#now() < (lacking.retryAt ?? 0)) {
      return { ...lacking.list, incomplete: true };
    }
    return await this.#reading.join(flightKey(key, access.tenant), access.signal, async (signal) => {
      const { list, retryMs } = await read({ ...access, signal }).catch((error: unknown) => {
        if (error instanceof UnreadableIndex && error.lasting) this.#lists.set(key, { error });
        throw error;
      });
      if (retryMs === undefined) {
        this.#lists.set(key, { list });
        return list;
      }
      this.#lists.set(own, { list, retryAt: this.#now() + retryMs });
      return { ...list, incomplete: true };
    });
  }
}

/** Bytes of a list that is kept, by estimate. */
function sizeOf({ variants, warnings, written }: VariantList): number {
  return keptHeapSize(variants) + keptHeapSize(warnings) + (written === undefined ? 0 : keptHeapSize(written));
}
