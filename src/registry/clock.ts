import { onAbort } from "../time/on-abort.ts";
import type { RegistryError } from "./error.ts";

/** The caller's signal, the client's end and one running time limit, as one signal. */
export class HopClock {
  readonly #controller = new AbortController();
  readonly #takeBacks: readonly (() => void)[];
  #timer: NodeJS.Timeout | undefined;

  constructor(...sources: readonly AbortSignal[]) {
    const forward = (source: AbortSignal) => () => this.#controller.abort(source.reason);
    for (const source of sources) if (source.aborted) forward(source)();
    this.#takeBacks = sources.map((source) => onAbort(source, forward(source)));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Replaces the limit before it. */
  limit(ms: number, error: () => RegistryError): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(error()), ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const takeBack of this.#takeBacks) takeBack();
  }
}
