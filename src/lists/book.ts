import { effectiveTag, isDigestTag, type Reference, repositoryName } from "../oci/reference.ts";
import type { SpokenList } from "./list.ts";

/** All lists of one moment, and which of them speaks for a name. */
export class ListBook {
  readonly #byRepository = new Map<string, SpokenList[]>();
  readonly lists: readonly SpokenList[];

  constructor(lists: Iterable<SpokenList>) {
    this.lists = [...lists].sort(inOrder);
    for (const list of this.lists) {
      const others = this.#byRepository.get(list.repository);
      if (others === undefined) this.#byRepository.set(list.repository, [list]);
      else others.push(list);
    }
  }

  /**
   * The list that speaks for a tag to the Pods of a namespace; to others, where it is undefined. A namespace's own comes
   * first, then the older one. Digests are never spoken for: whoever names one gets those bytes.
   */
  find(reference: Reference, namespace: string | undefined): SpokenList | undefined {
    const tag = effectiveTag(reference);
    if (tag === undefined) return undefined;
    const named = (this.#byRepository.get(repositoryName(reference)) ?? []).filter((list) => speaksFor(list, tag));
    const own = namespace === undefined ? undefined : named.find((list) => list.namespace === namespace);
    return own ?? named.find((list) => list.namespace === undefined);
  }

  /** Lists of the same place that speak for the name too, and do not count. */
  beaten(list: SpokenList, reference: Reference): readonly SpokenList[] {
    const tag = effectiveTag(reference);
    const named = tag === undefined ? [] : (this.#byRepository.get(list.repository) ?? []);
    return named.filter(
      (other) => other.shown !== list.shown && other.namespace === list.namespace && speaksFor(other, tag ?? ""),
    );
  }

  /** The lists that speak for any tag of a repository, the first first: entries of them may be asked for by digest. */
  ofRepository(reference: Reference, namespace: string | undefined): readonly SpokenList[] {
    const named = this.#byRepository.get(repositoryName(reference)) ?? [];
    return named.filter((list) => list.namespace === undefined || list.namespace === namespace);
  }

  /** The list that speaks instead of this one for the tags of it that are named; undefined where none does. */
  conflict(list: SpokenList): { readonly winner: SpokenList; readonly tags: readonly string[] } | undefined {
    const named = this.#byRepository.get(list.repository) ?? [];
    const own = named.findIndex(({ shown }) => shown === list.shown);
    for (const other of named.slice(0, Math.max(own, 0))) {
      if (other.namespace !== list.namespace) continue;
      const tags = common(other.tags, list.tags);
      if (tags !== undefined) return { winner: other, tags };
    }
    return undefined;
  }
}

/** One that names no tag speaks for every tag, but not for those that stand for a digest: digests are never replaced. */
function speaksFor({ tags }: SpokenList, tag: string): boolean {
  return tags?.has(tag) ?? !isDigestTag(tag);
}

/** Empty: every tag. Undefined: none. */
function common(
  one: ReadonlySet<string> | undefined,
  other: ReadonlySet<string> | undefined,
): readonly string[] | undefined {
  if (one === undefined) return [...(other ?? [])];
  const both = [...one].filter((tag) => other?.has(tag) ?? true);
  return both.length === 0 ? undefined : both;
}

/** The older first; then by name, so that the order never depends on who was read first. */
function inOrder(left: SpokenList, right: SpokenList): number {
  const age = Date.parse(left.created || earliest) - Date.parse(right.created || earliest);
  return age || compare(left.shown, right.shown);
}

const earliest = new Date(0).toISOString();

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
