import { LRUCache } from "lru-cache";
import type { Descriptor } from "../oci/descriptor.ts";
import { OciError } from "../oci/error.ts";
import { flattenIndex } from "../oci/flatten.ts";
import { documentKind } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { Variant, VariantList } from "../oci/variant.ts";
import type { Access } from "./access.ts";
import type { RegistryClient } from "./client.ts";
import { RegistryError } from "./error.ts";
import { Flights } from "./flight.ts";
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

/** Parsed indexes that are kept; a large one takes some 100 KiB. */
const maxLists = 1000;

type Outcome = { readonly list: VariantList } | { readonly error: RegistryError };

/** Images as the choice of a variant needs them: the upper door of the registry room. */
export class ImageSource {
  readonly #client: RegistryClient;
  /** By access and digest: content addressed, so kept for good; indexes that cannot be read are so for good as well. */
  readonly #lists = new LRUCache<string, Outcome>({ max: maxLists });
  readonly #reading = new Flights<VariantList>();

  constructor(client: RegistryClient) {
    this.#client = client;
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
      const list = await this.#read(key, reference, descriptor.digest, { ...access, signal });
      this.#lists.set(key, { list });
      return list;
    });
  }

  async #read(key: string, reference: Reference, digest: string, access: Access): Promise<VariantList> {
    const documents = new Map<string, Uint8Array>();
    const fetch = async (wanted: string): Promise<void> => {
      const { tag: _tag, ...rest } = reference;
      documents.set(wanted, (await this.#client.manifest({ ...rest, digest: wanted }, access)).bytes);
    };
    await fetch(digest);
    // Ends: each round adds documents, and depth and number of nested indexes are bounded by flattenIndex.
    for (;;) {
      const flat = this.#flatten(key, reference, digest, documents);
      if (flat.complete) return { variants: flat.variants, warnings: flat.warnings };
      await Promise.all(flat.missing.map((missing) => fetch(missing.digest)));
    }
  }

  #flatten(
    key: string,
    reference: Reference,
    digest: string,
    documents: ReadonlyMap<string, Uint8Array>,
  ): ReturnType<typeof flattenIndex> {
    try {
      return flattenIndex(digest, documents);
    } catch (cause) {
      if (!(cause instanceof OciError)) throw cause;
      // The cause quotes the document, which is for `explain` to show and not for a Warning.
      const text = `${reference.registry}/${reference.repository}@${digest}: is no image index that can be read (${cause.code})`;
      const error = new RegistryError("INVALID", text, { cause });
      this.#lists.set(key, { error });
      throw error;
    }
  }
}
