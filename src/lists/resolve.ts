import { formatPlatform, type Platform } from "../hardware/platform.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { platformRequirement, withoutRepetition } from "../oci/requirement.ts";
import type { Variant } from "../oci/variant.ts";
import { RegistryError } from "../registry/error.ts";
import type { IndexImage } from "../registry/images.ts";
import { Turns } from "../time/turns.ts";
import type { ListEntry, SpokenList } from "./list.ts";
import { isAcross, type ListPowers, refusalOf } from "./power.ts";

/** Asks for one entry, as whoever asks for the list may. @throws RegistryError */
export type EntryLookup = (
  image: Reference,
  platform: Platform | undefined,
  signal: AbortSignal,
) => Promise<IndexImage>;

/** An entry, after its registry was asked. */
export interface ResolvedEntry {
  readonly entry: ListEntry;
  /** Digest of what its reference names. */
  readonly digest?: string;
  /** Without positions of the list. */
  readonly variants: readonly Variant[];
  /** Why it does not count; for people. */
  readonly error?: string;
  /** Whether a later try may find it, so that nobody can say now which build is the right one. */
  readonly temporary?: boolean;
  /** Whether its index has images whose platform nobody says: where nothing else fits, one of them may. */
  readonly unread?: boolean;
  /** Whether a part of its index could not be read now: more of its builds may count later. */
  readonly incomplete?: true;
}

/** Entries of one list that are asked for at once. */
const atOnce = 8;

/** Asks for every entry that counts. @throws RegistryError ABORTED where the signal ends first */
export async function resolveEntries(
  list: SpokenList,
  powers: ListPowers,
  lookup: EntryLookup,
  signal: AbortSignal,
): Promise<readonly ResolvedEntry[]> {
  const turns = new Turns(atOnce);
  return await Promise.all(
    list.entries.map(async (entry): Promise<ResolvedEntry> => {
      const refused = refusalOf(list, entry, powers);
      if (refused !== undefined) return { entry, variants: [], error: refused };
      try {
        const image = await turns.run(signal, () => lookup(entry.image, entry.platform, signal));
        return entryFound(list, entry, image);
      } catch (error) {
        if (signal.aborted) throw new RegistryError("ABORTED", "the time for asking was over", { cause: error });
        if (!(error instanceof RegistryError)) throw error;
        return { entry, variants: [], error: error.message, temporary: error.temporary };
      }
    }),
  );
}

/** The builds of an entry: what the list says, what the image says and what its index entry says add up. */
function entryFound(list: SpokenList, entry: ListEntry, image: IndexImage): ResolvedEntry {
  const { platform, requires, priority } = entry;
  const { digest } = image.descriptor;
  const found = image.variants.filter((variant) => isFor(platform, variant.platform));
  const unread = platform === undefined && (image.unread ?? []).length > 0;
  if (found.length === 0 && unread) {
    const error = `the platform of ${formatReference(entry.image)} could not be read from its configuration: say it in the list`;
    return { entry, digest, variants: [], error, temporary: true };
  }
  if (found.length === 0) return { entry, digest, variants: [], error: nothingFound(platform, image) };
  const own = [...requires, ...(platform === undefined ? [] : platformRequirement(platform))];
  const elsewhere = isAcross(list, entry) ? { name: entry.image.name } : {};
  const variants = found.map((variant) => ({
    ...variant,
    requires: withoutRepetition([...variant.requires, ...own]),
    // Under names of their own no runtime chooses between them: the list is MetaHub's alone.
    runtimeMatched: false,
    ...(priority === undefined ? {} : { priority }),
    ...elsewhere,
  }));
  const incomplete = image.incomplete === true ? { incomplete: image.incomplete } : {};
  return { entry, digest, variants, ...(unread ? { unread } : {}), ...incomplete };
}

function isFor(wanted: Platform | undefined, { os, architecture }: Platform): boolean {
  return wanted === undefined || (wanted.os === os && wanted.architecture === architecture);
}

function nothingFound(wanted: Platform | undefined, { reference, variants }: IndexImage): string {
  const there = [...new Set(variants.map(({ platform }) => formatPlatform(platform)))].slice(0, 8).join(", ");
  const what = wanted === undefined ? "no image that can be chosen" : `no build for ${formatPlatform(wanted)}`;
  return `${formatReference(reference)} has ${what}${there === "" ? "" : `; there is ${there}`}`;
}
