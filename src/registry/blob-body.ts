import { Readable } from "node:stream";
import type { ContentCheck } from "./content-check.ts";
import type { LiveBody } from "./live-body.ts";

/**
 * The bytes of a blob as a stream for `pipeline`, `for await` and `pipe`.
 *
 * The last piece is held back until the whole was compared with its digest and size. Whoever reads content that is wrong
 * therefore gets fewer bytes than there are, then an error, and never the end: behind a proxy that has promised the
 * length, the client sees an answer that breaks off. Bytes before the last piece are not verified when they are given.
 *
 * Errors are RegistryErrors. Destroying the stream, or leaving a `for await`, closes the connection to the registry.
 */
export class BlobBody extends Readable {
  readonly #live: LiveBody;
  readonly #check: ContentCheck;
  #held: Uint8Array | undefined;

  constructor(live: LiveBody, check: ContentCheck) {
    super();
    this.#live = live;
    this.#check = check;
    // Not lost: whoever reads or pipes gets it. But a caller that gives up between opening a blob and reading it must
    // not end the process with an `error` event that nobody hears yet.
    this.on("error", () => undefined);
    live.onFailure((failure) => this.destroy(failure));
  }

  override _read(): void {
    this.#live.ask(this.#take);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#live.cancel();
    callback(error);
  }

  readonly #take = (piece: Uint8Array | undefined): boolean => {
    if (this.destroyed) return false;
    const ready = this.#held;
    this.#held = piece;
    try {
      if (piece === undefined) this.#check.finish();
      else this.#check.add(piece);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    const wanted = ready === undefined || this.push(ready);
    if (piece !== undefined) return wanted;
    this.push(null);
    return false;
  };
}
