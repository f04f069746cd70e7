import type { Platform } from "../../hardware/platform.ts";
import type { Leads, WrittenEntry } from "../../oci/written.ts";

/** The content that a runtime takes: a variant by its position, or what it finds instead. */
export type Taken = Exclude<Leads, readonly WrittenEntry[]>;

/** A runtime's own choice from an index on a host. */
export type Takes = (entries: readonly WrittenEntry[], host: Platform) => Taken;

/** Where an entry stands; undefined where it is passed over. */
export type Rank = (entry: WrittenEntry) => number | undefined;

/** The first entry of the lowest rank. `isEarlier`: among equal ranks. */
export function firstOf(
  entries: readonly WrittenEntry[],
  rank: Rank,
  isEarlier: (entry: WrittenEntry, than: WrittenEntry) => boolean = () => false,
): WrittenEntry | undefined {
  let first: WrittenEntry | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const own = rank(entry);
    if (own === undefined) continue;
    if (first === undefined || own < lowest || (own === lowest && isEarlier(entry, first)))
      [first, lowest] = [entry, own];
  }
  return first;
}

/** The entries that are not passed over, those of a lower rank first. */
export function inOrder(entries: readonly WrittenEntry[], rank: Rank): readonly WrittenEntry[] {
  const ranked = entries.flatMap((entry) => {
    const own = rank(entry);
    return own === undefined ? [] : [{ entry, own }];
  });
  return ranked.sort((a, b) => a.own - b.own).map(({ entry }) => entry);
}
