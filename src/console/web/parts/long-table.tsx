import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useConsole } from "../state/console.ts";
import type { Paged } from "../state/paged.ts";
import { Notes } from "./notice.tsx";

export interface Column<T> {
  readonly name: string;
  /** Its name where the columns stand below each other. */
  readonly short?: string;
  /** A track of the grid: `minmax(120px, 2fr)`. */
  readonly width: string;
  readonly cell: (item: T) => ComponentChildren;
}

interface LongTableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly list: Paged<T>;
  readonly keyOf: (item: T) => string;
  /** Pixels of a row, with all columns beside each other, and on a narrow screen, where they stand below each other. */
  readonly height: { readonly wide: number; readonly narrow: number };
}

/** Rows that are drawn above and below those that are seen. */
const around = 8;
const narrow = window.matchMedia("(max-width: 760px)");

/**
 * A table of any length: only the rows that are seen are drawn. All rows are of one height, so that the place of each is
 * known before it is read.
 */
export function LongTable<T>({ label, columns, list, keyOf, height }: LongTableProps<T>) {
  const { formats } = useConsole();
  const box = useRef<HTMLDivElement>(null);
  const isNarrow = useNarrow();
  const rowHeight = isNarrow ? height.narrow : height.wide;
  const { top, room } = useView(box);
  const total = list.total ?? 0;
  const first = Math.max(0, Math.floor(top / rowHeight) - around);
  const last = Math.min(total - 1, Math.ceil((top + room) / rowHeight) + around);
  const { look } = list;
  useEffect(() => look(first, Math.max(first, last)), [look, first, last]);
  const template = columns.map(({ width }) => width).join(" ");
  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return (
    <div class="longtable">
      <Notes notes={list.notes} />
      <div class="longbox" ref={box} tabIndex={0} role="region" aria-label={`${label}, to be scrolled`}>
        <div role="table" aria-label={label} aria-rowcount={total + 1}>
          <div role="rowgroup" class="longhead">
            <div role="row" aria-rowindex={1} class="longrow" style={{ gridTemplateColumns: template }}>
              {columns.map(({ name }) => (
                <div role="columnheader" key={name}>
                  {name}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" class="longbody" style={{ height: `${total * rowHeight}px` }}>
            {places.map((place) => {
              const item = list.items[place];
              return (
                <div
                  role="row"
                  aria-rowindex={place + 2}
                  class="longrow"
                  key={item === undefined ? `at ${place}` : keyOf(item)}
                  style={{
                    top: `${place * rowHeight}px`,
                    height: `${rowHeight}px`,
                    gridTemplateColumns: isNarrow ? "1fr" : template,
                  }}
                >
                  {columns.map(({ name, short, cell }) => (
                    <div role="cell" key={name} data-label={short ?? name}>
                      {item === undefined ? <span class="blank">…</span> : cell(item)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <p class="longfoot muted" role="status">
        {list.total === undefined ? "" : total === 1 ? "1 row" : `${formats.number(total)} rows`}
      </p>
    </div>
  );
}

function useNarrow(): boolean {
  const [matches, setMatches] = useState(narrow.matches);
  useEffect(() => {
    const follow = (): void => setMatches(narrow.matches);
    narrow.addEventListener("change", follow);
    return () => narrow.removeEventListener("change", follow);
  }, []);
  return matches;
}

/** Pixels that a box is scrolled by, and that it shows. */
function useView(box: { readonly current: HTMLElement | null }) {
  const [view, setView] = useState({ top: 0, room: 600 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => setView({ top: element.scrollTop, room: element.clientHeight });
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      sizes.disconnect();
    };
  }, [box]);
  return view;
}
