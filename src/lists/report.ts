import type { Logger } from "../telemetry/log.ts";
import { few } from "../text/few.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { ListBook } from "./book.ts";
import type { DroppedList } from "./follow.ts";
import { type ListMetrics, type ListState, listKinds, listStates } from "./metrics.ts";

export interface ListReportOptions {
  readonly book: () => ListBook;
  /** Those that do not count for want of room. */
  readonly dropped?: () => readonly DroppedList[];
  readonly metrics: ListMetrics;
  readonly log: Pick<Logger, "warn">;
  readonly clock?: Pick<Clock, "after">;
}

/** A change is told of this long after it was heard of, ms: all lists are looked at for it, and many may change at once. */
const settleMs = 1_000;
/** Lists that the log names one by one at a time: tenants make them. */
const mostTold = 16;
/** Tags that a line names. */
const mostTags = 4;

/** Tells in metrics, and once in the log, which lists do not count. */
export class ListReport {
  readonly #options: ListReportOptions;
  #told = new Set<string>();
  #cancel: (() => void) | undefined;

  constructor(options: ListReportOptions) {
    this.#options = options;
  }

  /** Looks soon. */
  changed(): void {
    this.#cancel ??= (this.#options.clock ?? systemClock).after(settleMs, () => {
      this.#cancel = undefined;
      this.look();
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  look(): void {
    const { book: now, dropped = () => [], metrics, log } = this.#options;
    const book = now();
    const counts = new Map<string, number>();
    const count = (kind: string, state: ListState): void => {
      counts.set(`${kind} ${state}`, (counts.get(`${kind} ${state}`) ?? 0) + 1);
    };
    const reasons = new Map<string, string>();
    for (const { kind, shown } of dropped()) {
      count(kind, "dropped");
      reasons.set(shown, "there is no room for it: lists take too many bytes, in all or in its namespace");
    }
    for (const list of book.lists) {
      const conflict = book.conflict(list);
      count(list.kind, conflict === undefined ? "counts" : "conflict");
      if (conflict === undefined) continue;
      const { winner, tags } = conflict;
      const what = tags.length === 0 ? "every tag" : few(tags, mostTags);
      reasons.set(list.shown, `${winner.shown} counts instead for ${what} of ${list.repository}`);
    }
    for (const kind of listKinds) {
      for (const state of listStates) metrics.lists(kind, state, counts.get(`${kind} ${state}`) ?? 0);
    }
    const news = [...reasons].filter(([shown, reason]) => !this.#told.has(`${shown} ${reason}`));
    for (const [list, reason] of news.slice(0, mostTold)) log.warn({ list, reason }, "a manifest list does not count");
    if (news.length > mostTold) log.warn({ lists: news.length - mostTold }, "more manifest lists do not count");
    this.#told = new Set([...reasons].map(([shown, reason]) => `${shown} ${reason}`));
  }
}
