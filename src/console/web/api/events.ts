import type { Change } from "../../contract/views.ts";

export type Kind = Extract<Change, { event: "changed" }>["kind"];

/** Whether what is shown follows what happens; `since` (ms): when that was last known. */
export type Liveness =
  | { readonly live: true }
  | { readonly live: false; readonly since: number; readonly detail: string };

/** Milliseconds between two tries, where the browser itself has given up. */
const againMs = 2000;

/** Follows the console's events, and comes back by itself. */
export class Events {
  readonly #listeners = new Set<(kind: Kind | "all") => void>();
  readonly #watchers = new Set<(liveness: Liveness) => void>();
  #source: EventSource | undefined;
  #again: number | undefined;
  #liveness: Liveness = { live: true };

  /** Called where the session has ended. */
  onSignedOut: () => void = () => undefined;
  /** Called where the stream was refused: the session may be over. */
  onRefused: () => void = () => undefined;

  open(): void {
    this.close();
    const source = new EventSource("/api/v1/events");
    this.#source = source;
    source.addEventListener("open", () => this.#back());
    source.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data))));
    source.addEventListener("error", () => {
      this.#lose("The console cannot be reached.");
      if (source.readyState !== EventSource.CLOSED) return;
      this.onRefused();
      this.#again = window.setTimeout(() => this.open(), againMs);
    });
  }

  close(): void {
    window.clearTimeout(this.#again);
    this.#source?.close();
    this.#source = undefined;
  }

  /** `all`: something may have been missed. Gives what ends it. */
  listen(listener: (kind: Kind | "all") => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(watcher: (liveness: Liveness) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#liveness);
    return () => this.#watchers.delete(watcher);
  }

  #take(change: Change): void {
    if (change.event === "changed") for (const listener of this.#listeners) listener(change.kind);
    else if (change.event === "lost") this.#lose(change.detail);
    else if (change.event === "back") this.#back();
    else this.onSignedOut();
  }

  #lose(detail: string): void {
    const since = this.#liveness.live ? Date.now() : this.#liveness.since;
    this.#tell({ live: false, since, detail });
  }

  #back(): void {
    if (this.#liveness.live) return;
    this.#tell({ live: true });
    for (const listener of this.#listeners) listener("all");
  }

  #tell(liveness: Liveness): void {
    this.#liveness = liveness;
    for (const watcher of this.#watchers) watcher(liveness);
  }
}
