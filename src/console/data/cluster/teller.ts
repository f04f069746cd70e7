import type { Clock } from "../../../time/clock.ts";
import type { Change } from "../../contract/views.ts";
import { alsoChanged } from "../told.ts";
import type { SharedWatch, WatchNews } from "./shared-watch.ts";

export type AnyWatch = Pick<SharedWatch<object>, "joinIfAllowed" | "listen">;
export type Source = keyof typeof alsoChanged;

/** Names in one message; the contract's bound. More are told as none, which means all. */
const mostNames = 100;
/** Between two tellings that the matrix changed, ms: each asks a registry again, and a person may do so once a second. */
const matrixMs = 2_000;
const lostDetail = "The API server does not answer now; what you see is as it was before.";

/**
 * Tells what changed, and what else changes with it. Several watches are lost together: a person is told once, and that
 * they are back once all of them are.
 */
export class Teller {
  readonly #tell: (change: Change) => void;
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #lost = new Set<AnyWatch>();
  #matrixAt = Number.NEGATIVE_INFINITY;
  #matrixLater: (() => void) | undefined;

  constructor(tell: (change: Change) => void, clock: Pick<Clock, "now" | "after">) {
    this.#tell = tell;
    this.#clock = clock;
  }

  take(source: Source, watch: AnyWatch, news: WatchNews): void {
    switch (news.type) {
      case "changed":
        this.#changed(source, news.keys.length > mostNames ? [] : news.keys);
        break;
      case "refused":
        // The page asks again, and is told in the answer what is missing.
        this.#back(watch);
        this.all(source);
        break;
      case "lost":
        if (this.#lost.size === 0) this.#tell({ event: "lost", detail: lostDetail });
        this.#lost.add(watch);
        break;
      case "back":
        this.#back(watch);
        break;
    }
  }

  /** Anything of this source may have changed. */
  all(source: Source): void {
    this.#changed(source, []);
  }

  end(): void {
    this.#matrixLater?.();
  }

  #changed(source: Source, names: readonly string[]): void {
    if (source !== "namespaces") this.#tell({ event: "changed", kind: source, names: [...names] });
    for (const kind of alsoChanged[source]) {
      if (kind === "matrix") this.#matrixChanged();
      else this.#tell({ event: "changed", kind, names: [] });
    }
  }

  #matrixChanged(): void {
    const wait = this.#matrixAt + matrixMs - this.#clock.now();
    if (wait > 0) this.#matrixLater ??= this.#clock.after(wait, () => this.#tellMatrix());
    else this.#tellMatrix();
  }

  #tellMatrix(): void {
    this.#matrixLater?.();
    this.#matrixLater = undefined;
    this.#matrixAt = this.#clock.now();
    this.#tell({ event: "changed", kind: "matrix", names: [] });
  }

  #back(watch: AnyWatch): void {
    if (this.#lost.delete(watch) && this.#lost.size === 0) this.#tell({ event: "back" });
  }
}
