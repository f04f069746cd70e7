import type { SpokenList } from "../lists/list.ts";
import type { ListedImages } from "../lists/listed-images.ts";
import type { EntryLookup } from "../lists/resolve.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import type { ImageSource, IndexImage } from "../registry/images.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import { BuildBlobs } from "./build-blobs.ts";
import { listIndexOf, type MadeListIndex, type Source } from "./list-index.ts";
import type { ListRecord } from "./list-record.ts";

export interface ListedNamesOptions {
  readonly listed: ListedImages;
  readonly client: RegistryClient;
  readonly images: ImageSource;
  /** The same, and artifacts with them. */
  readonly artifacts: ImageSource;
  readonly record: ListRecord;
}

export type DigestReference = Reference & { readonly digest: string };
/** A digest that a list leads to: the index that was made of it, or where a build of another repository is. */
export type Found = { readonly made: Manifest } | { readonly source: Source };

/** Lists of one repository that are asked for a digest; an operator makes them. */
const mostLists = 64;
/** Builds of other repositories that are looked into for a blob, and how many at once. */
const mostBuilds = 256;
const atOnce = 8;

/**
 * The names for which manifest lists speak, as a registry answers them: a tag is an index of the list's builds, and what it
 * leads to in other repositories is found by digest under the asked name. Nothing else of those repositories is.
 */
export class ListedNames {
  readonly #options: ListedNamesOptions;
  readonly #blobs = new BuildBlobs();

  constructor(options: ListedNamesOptions) {
    this.#options = options;
  }

  listFor(reference: Reference): SpokenList | undefined {
    return this.#options.listed.listFor(reference);
  }

  /** Tags of a repository that lists name, in order, each once: 2,048 at most. */
  tags(reference: Source): readonly string[] {
    const lists = this.#options.listed.listsOf(reference).slice(0, mostLists);
    return [...new Set(lists.flatMap(({ tags }) => [...(tags ?? [])]))].sort();
  }

  /** The list as an index to choose from, of images or, where it has none, of artifacts. @throws RegistryError */
  async image(list: SpokenList, reference: Reference, asker: Asker, kind: "images" | "artifacts"): Promise<IndexImage> {
    const { listed, [kind]: source } = this.#options;
    const lookup: EntryLookup = (image, platform, signal) =>
      withCredentials(image, { ...asker, signal }, (access) => source.lookupAsIndex(image, platform, access));
    return await listed.image(list, reference, lookup, asker.signal);
  }

  /** The index that clients may read of a list; what it leads to is found from now on. @throws RegistryError INVALID */
  async index(reference: Reference, image: IndexImage): Promise<MadeListIndex> {
    const index = listIndexOf(image);
    await this.#options.record.remember(reference.name, index);
    return index;
  }

  /** A digest that is known to be a list's, without asking anybody. */
  known({ name, digest }: DigestReference): Found | undefined {
    for (const { manifest, sources } of this.#options.record.of(name)) {
      if (manifest.digest === digest) return { made: manifest };
      const source = sources.get(digest);
      if (source !== undefined) return { source: source };
    }
    return undefined;
  }

  /**
   * The same, where it takes asking: what the lists lead to now, and what another process wrote down. "unreadable": nobody
   * can say whether there is such a thing.
   */
  async find(reference: DigestReference, asker: Asker): Promise<Found | "unreadable" | undefined> {
    const isRead = await this.#look(reference, asker);
    return this.known(reference) ?? (isRead ? undefined : "unreadable");
  }

  /** A build of another repository, with its blobs known from then on. @throws RegistryError */
  async build(source: Source, digest: string, asker: Asker): Promise<Manifest> {
    const { client } = this.#options;
    const manifest = await withCredentials(source, asker, (access) => client.manifest({ ...source, digest }, access));
    await this.#blobs.learn(source.name, manifest, asker.signal);
    return manifest;
  }

  /** Where a blob lies that a build of another repository refers to, without asking anybody. */
  knownBlob(name: string, blob: string): Source | undefined {
    for (const { sources } of this.#options.record.of(name)) {
      for (const [digest, source] of sources) {
        if (this.#blobs.of(source.name, digest)?.has(blob) === true) return source;
      }
    }
    return undefined;
  }

  /** The same, where it takes asking. @throws RegistryError ABORTED */
  async findBlob(place: Source, blob: string, asker: Asker): Promise<Source | "unreadable" | undefined> {
    const leadsAway = this.#options.listed.sources(place).length > 0;
    const isRead = leadsAway ? await this.#look(place, asker) : await this.#options.record.read();
    const known = this.knownBlob(place.name, blob);
    if (known !== undefined) return known;
    const away = new Map(this.#options.record.of(place.name).flatMap(({ sources }) => [...sources]));
    const unread = [...away]
      .filter(([digest, source]) => this.#blobs.of(source.name, digest) === undefined)
      .slice(0, mostBuilds);
    for (let start = 0; start < unread.length; start += atOnce) {
      const some = unread.slice(start, start + atOnce);
      await Promise.all(some.map(([digest, source]) => this.#passingOver(asker, this.build(source, digest, asker))));
      const found = this.knownBlob(place.name, blob);
      if (found !== undefined) return found;
    }
    return isRead ? undefined : "unreadable";
  }

  /** Remembers what the lists of a repository lead to now; false where the record cannot be read. */
  async #look(place: Source, asker: Asker): Promise<boolean> {
    const { listed, record } = this.#options;
    const isRead = await record.read();
    for (const list of listed.listsOf(place).slice(0, mostLists)) {
      const image = await this.image(list, place, asker, "images");
      const some = isEmpty(image) ? await this.image(list, place, asker, "artifacts") : image;
      if (some.variants.length > 0) await this.#passingOver(asker, this.index(place, some));
    }
    return isRead;
  }

  /** Passes over a failure: that of one build or list must not hide another. */
  async #passingOver(asker: Asker, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (asker.signal.aborted || !(error instanceof RegistryError)) throw error;
    }
  }
}

/** Whether nothing in it is an image, nor may be one. */
export function isEmpty({ variants, unread = [], unasked = [] }: IndexImage): boolean {
  return variants.length + unread.length + unasked.length === 0;
}
