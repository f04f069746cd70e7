import type { Reference } from "../oci/reference.ts";
import { repositoryName } from "../oci/reference.ts";
import type { IndexImage } from "../registry/images.ts";
import { few } from "../text/few.ts";
import { shorten } from "../text/shorten.ts";
import type { ListBook } from "./book.ts";
import type { SpokenList } from "./list.ts";
import { Offers } from "./offers.ts";
import { decidesAtBinding, isAcross, type ListPowers, refusalOf } from "./power.ts";
import { type EntryLookup, resolveEntries } from "./resolve.ts";

export interface ListedImagesOptions {
  /** The lists as they are now. */
  readonly book: () => ListBook;
  readonly powers: ListPowers;
}

/** Lists that a conflict names, and characters of its sentence (`VariantList.warnings`). */
const namedOthers = 4;
const mostCharacters = 300;

/** The images that lists make: the door of this room for whoever looks images up. */
export class ListedImages {
  readonly #options: ListedImagesOptions;
  readonly #offers = new Offers();

  constructor(options: ListedImagesOptions) {
    this.#options = options;
  }

  /** The list that speaks for a name to the Pods of a namespace, or to machines outside. */
  listFor(reference: Reference, namespace?: string): SpokenList | undefined {
    return this.#options.book().find(reference, namespace);
  }

  /** The lists that speak for any tag of a repository, the first first. */
  listsOf(reference: Reference, namespace?: string): readonly SpokenList[] {
    return this.#options.book().ofRepository(reference, namespace);
  }

  /**
   * The list as an index to choose from. A build of another repository has that one's name (`Variant.name`).
   * @throws RegistryError ABORTED where the signal ends first
   */
  async image(list: SpokenList, reference: Reference, lookup: EntryLookup, signal: AbortSignal): Promise<IndexImage> {
    const { powers } = this.#options;
    const resolved = await resolveEntries(list, powers, lookup, signal);
    const image = this.#offers.of(list, reference, resolved, { atBinding: decidesAtBinding(list, powers) });
    const beaten = this.#options.book().beaten(list, reference);
    if (beaten.length === 0 || image.madeOf === undefined) return image;
    const others = few(
      beaten.map(({ shown }) => shown),
      namedOthers,
    );
    const conflict = shorten(`${list.shown} counts for this name, and not ${others}`, mostCharacters);
    return { ...image, warnings: [conflict, ...image.warnings], madeOf: { ...image.madeOf, conflict } };
  }

  /**
   * The list of this identity, where it still speaks for the name, says what it said then, and decides at binding.
   * Otherwise it decides nothing there.
   */
  unchanged(identity: string, reference: Reference, namespace: string): SpokenList | undefined {
    const list = this.listFor(reference, namespace);
    return list?.identity === identity && decidesAtBinding(list, this.#options.powers) ? list : undefined;
  }

  /**
   * Repositories beside the asked one in which a digest may be looked for, because a list that speaks for the asked one
   * has builds there; each once, with names as their lists write them. No tag of it needs to be known.
   */
  sources(reference: Reference, namespace?: string): readonly Reference[] {
    const found = new Map<string, Reference>();
    for (const list of this.listsOf(reference, namespace)) {
      for (const entry of list.entries) {
        if (!isAcross(list, entry) || refusalOf(list, entry, this.#options.powers) !== undefined) continue;
        const { registry, repository, name } = entry.image;
        const key = repositoryName(entry.image);
        if (!found.has(key)) found.set(key, { registry, repository, name });
      }
    }
    return [...found.values()];
  }
}
