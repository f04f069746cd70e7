import type { Page } from "../backend.ts";

/** Items in one answer, whoever asks for more. */
const mostItems = 500;

export interface PageOf<T> {
  readonly items: T[];
  /** How many match. */
  readonly total: number;
  readonly next?: string;
}

/** The field of an answer that says what is not in it, and why; none where all is. */
export function withNotes(notes: readonly string[]): { readonly notes?: string[] } {
  return notes.length === 0 ? {} : { notes: [...notes] };
}

/** One page of what is sorted by `keyOf`, ascending. The key of the last item leads to the next page. */
export function pageOf<T>(sorted: readonly T[], keyOf: (item: T) => string, { after, limit }: Page): PageOf<T> {
  const size = Math.max(1, Math.min(limit, mostItems));
  const start = after === undefined ? 0 : firstAfter(sorted, keyOf, after);
  const items = sorted.slice(start, start + size);
  const last = items.at(-1);
  const more = last !== undefined && start + size < sorted.length;
  return { items, total: sorted.length, ...(more ? { next: keyOf(last) } : {}) };
}

/** Binary search: what was last on the page before may be gone. */
function firstAfter<T>(sorted: readonly T[], keyOf: (item: T) => string, after: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && keyOf(item) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
