import type { KeeperMetrics, Written } from "./metrics.ts";

/** Counts what was written, so that a keeper against which somebody writes learns of it. */
export class Writes {
  readonly #metrics: Pick<KeeperMetrics, "wrote">;
  #count = 0;

  constructor(metrics: Pick<KeeperMetrics, "wrote">) {
    this.#metrics = metrics;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  add(what: Written): void {
    this.#count += 1;
    this.#metrics.wrote(what);
  }
}
