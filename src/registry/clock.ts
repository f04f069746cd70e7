import type { RegistryError } from "./error.ts";

/** The caller's signal, the client's end and one running time limit, as one signal. */
export class HopClock {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  #timer: NodeJS.Timeout | undefined;

  constructor(...sources: readonly AbortSignal[]) {
    this.#sources = sources;
    for (const source of sources) {
      if (source.aborted) this.#controller.abort(source.reason);
      else source.addEventListener("abort", this.#forward, { once: true });
    }
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
    for (const source of this.#sources) source.removeEventListener("abort", this.#forward);
  }

  readonly #forward = (event: Event): void => {
    this.#controller.abort(event.target instanceof AbortSignal ? event.target.reason : undefined);
  };
}
