import { computeDigest } from "../oci/digest.ts";
import { decodeUtf8 } from "../oci/json.ts";
import { documentKind } from "../oci/media-types.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Manifest } from "../registry/contents.ts";
import { RegistryError } from "../registry/error.ts";
import { inSlices } from "../registry/in-slices.ts";
import { type Asker, withCredentials } from "../registry/with-credentials.ts";
import type { DigestReference, ListedNames } from "./listed-names.ts";
import type { MadeIndexes } from "./made-indexes.ts";
import type { MadeIndex } from "./made-record.ts";
import { isMissing } from "./missing.ts";
import { nestedIn, reduceIndex } from "./reduced-index.ts";

/** Indexes that are looked into for a build, nested ones included: as many as are read for a choice. */
const mostDocuments = 64;
const what = "reducing an index";

/** Makes indexes of one build and what belongs to it, and makes them again by their digest. */
export class IndexMaker {
  readonly #client: RegistryClient;
  readonly #made: MadeIndexes;
  readonly #lists: Pick<ListedNames, "known" | "find">;

  constructor(client: RegistryClient, made: MadeIndexes, lists: Pick<ListedNames, "known" | "find">) {
    this.#client = client;
    this.#made = made;
    this.#lists = lists;
  }

  /**
   * The index that a build stands in, reduced to it. It is written down before this resolves.
   * @throws RegistryError INVALID where the build stands in none of them
   */
  async make(index: DigestReference, build: string, asker: Asker): Promise<Manifest> {
    const queue = [index.digest];
    const seen = new Set<string>(queue);
    for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
      const document = await this.#fetch({ ...index, digest: from }, asker);
      const text = decodeUtf8(document.bytes);
      const reduced = await inSlices(reduceIndex(text, build), asker.signal, what);
      if (reduced !== undefined) return await this.#finish({ document, name: index.name, build, reduced });
      const isIndex = (mediaType: string): boolean => documentKind(mediaType) === "index";
      for (const nested of await inSlices(nestedIn(text, isIndex), asker.signal, what)) {
        if (seen.has(nested) || seen.size >= mostDocuments) continue;
        seen.add(nested);
        queue.push(nested);
      }
    }
    throw new RegistryError("INVALID", `${index.name}@${index.digest}: the build that was chosen does not stand in it`);
  }

  /**
   * One that was made before, by its digest; undefined where none is known, and "unreadable" where nobody can say that.
   * @throws RegistryError
   */
  async again(reference: DigestReference, asker: Asker): Promise<Manifest | "unreadable" | undefined> {
    const made = await this.#made.find(reference.name, reference.digest);
    if (made === undefined || made === "unreadable") return made;
    const document = await this.#fetch({ ...reference, digest: made.from }, asker);
    const reduced = await inSlices(reduceIndex(decodeUtf8(document.bytes), made.build), asker.signal, what);
    const manifest = reduced === undefined ? undefined : manifestOf(reduced, document.mediaType);
    // A line of the file may be anybody's.
    return manifest?.digest === reference.digest ? manifest : undefined;
  }

  /** Whether it was made here, as far as is known without looking further. */
  isMade({ name, digest }: Reference): boolean {
    return digest !== undefined && this.#made.known(name, digest) !== undefined;
  }

  async #finish({ document, name, build, reduced }: Finish): Promise<Manifest> {
    const manifest = manifestOf(reduced, document.mediaType);
    const made: MadeIndex = { digest: manifest.digest, name, from: document.digest, build };
    if (manifest.digest !== document.digest) await this.#made.remember(made);
    return manifest;
  }

  /** No upstream has the index of a manifest list. */
  async #fetch(reference: DigestReference, asker: Asker): Promise<Manifest> {
    const known = this.#lists.known(reference);
    if (known !== undefined && "made" in known) return known.made;
    try {
      return await withCredentials(reference, asker, (access) => this.#client.manifest(reference, access));
    } catch (error) {
      const found = isMissing(error) ? await this.#lists.find(reference, asker) : undefined;
      if (found === undefined || found === "unreadable" || !("made" in found)) throw error;
      return found.made;
    }
  }
}

interface Finish {
  readonly document: Manifest;
  readonly name: string;
  readonly build: string;
  readonly reduced: string;
}

function manifestOf(text: string, mediaType: string): Manifest {
  const bytes = Buffer.from(text);
  return { bytes, mediaType, size: bytes.length, digest: computeDigest(bytes, "sha256") };
}
