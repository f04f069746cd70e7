import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../contract/parts.ts";
import { pathWith } from "../api/client.ts";
import type { Kind } from "../api/events.ts";
import { problemOf } from "../api/problem.ts";
import { useConsole } from "./console.ts";
import { useChanges } from "./resource.ts";

/** As pageOf of contract/parts.ts makes it. */
interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next?: string | undefined;
  readonly notes?: readonly string[] | undefined;
}

interface HeldPage<T> extends Page<T> {
  readonly after: string | undefined;
  readonly stale: boolean;
}

/** A list of any length, of which as much is held as was looked at. */
export interface Paged<T> {
  readonly items: readonly T[];
  /** Undefined until the first page is there. */
  readonly total: number | undefined;
  readonly problem: Problem | undefined;
  /** Sentences on what is not in it. */
  readonly notes: readonly string[] | undefined;
  /** Tells which items are looked at, by their places. */
  look(from: number, to: number): void;
}

/** The most that the console gives at once. */
const pageSize = 500;

/**
 * Reads pages as they are looked at, one after another: the next is known by the one before. After a change those that
 * are looked at are read anew; where such a page ends elsewhere than before, what follows it is forgotten.
 */
export function usePaged<T>(path: string, query: Readonly<Record<string, string>>, kinds: readonly Kind[]): Paged<T> {
  const { api } = useConsole();
  const asked = pathWith(path, query);
  const held = useRef<{ asked: string; pages: HeldPage<T>[]; problem?: Problem | undefined }>({ asked, pages: [] });
  const seen = useRef({ from: 0, to: 0 });
  const reading = useRef<AbortController>(undefined);
  /** Whether something changed after the page that is being read was asked for: its answer may be of before. */
  const overtaken = useRef(false);
  const [, redraw] = useState(0);

  const step = useCallback(() => {
    if (reading.current !== undefined) return;
    const place = nextToRead(held.current.pages, seen.current);
    if (place === undefined) return;
    const control = new AbortController();
    reading.current = control;
    overtaken.current = false;
    const after = place === 0 ? undefined : held.current.pages[place - 1]?.next;
    const limit = String(pageSize);
    const ended = (): boolean => {
      if (control.signal.aborted) return true;
      reading.current = undefined;
      return false;
    };
    api.get<Page<T>>(pathWith(path, { ...query, after, limit }), control.signal).then(
      (page) => {
        if (ended()) return;
        held.current = { asked, pages: put(held.current.pages, place, { ...page, after, stale: overtaken.current }) };
        redraw((count) => count + 1);
        step();
      },
      (error) => {
        if (ended()) return;
        held.current.problem = problemOf(error);
        redraw((count) => count + 1);
      },
    );
    // `asked` stands for path and query.
  }, [api, asked]);

  useEffect(() => {
    held.current = { asked, pages: [] };
    seen.current = { from: 0, to: 0 };
    step();
    return () => {
      reading.current?.abort();
      reading.current = undefined;
    };
  }, [asked, step]);

  const changed = useCallback(() => {
    overtaken.current = true;
    held.current.pages = held.current.pages.map((page) => ({ ...page, stale: true }));
    step();
  }, [step]);
  useChanges(kinds, changed);

  const look = useCallback(
    (from: number, to: number) => {
      seen.current = { from, to };
      step();
    },
    [step],
  );
  const { pages, problem } = held.current.asked === asked ? held.current : { pages: [] as HeldPage<T>[] };
  return {
    items: pages.flatMap(({ items }) => items),
    total: pages.at(0)?.total,
    notes: pages.at(0)?.notes,
    problem,
    look,
  };
}

/** Place of the page to be read next: one that is looked at and stale, or the next where the eye is near the end. */
export function nextToRead<T>(
  pages: readonly HeldPage<T>[],
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined {
  if (pages.length === 0) return 0;
  let start = 0;
  for (const [place, { items, stale }] of pages.entries()) {
    const end = start + items.length;
    // The first has the total.
    if (stale && (place === 0 || (end > from && start <= to))) return place;
    start = end;
  }
  return to + pageSize / 2 >= start && pages.at(-1)?.next !== undefined ? pages.length : undefined;
}

/** The pages with one put in its place; those after it stay if they still follow it. */
export function put<T>(pages: readonly HeldPage<T>[], place: number, page: HeldPage<T>): HeldPage<T>[] {
  const follows = pages[place + 1]?.after === page.next && page.next !== undefined;
  return [...pages.slice(0, place), page, ...(follows ? pages.slice(place + 1) : [])];
}
