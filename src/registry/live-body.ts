import type { Readable } from "node:stream";
import { RegistryError } from "./error.ts";
import { type Hop, timeout } from "./hop.ts";

export interface LiveBodyLimits {
  /** Bytes; a longer body is an error. */
  readonly maxBytes: number;
  /** Limits for each piece of a long body; undefined where one limit for the whole runs already. */
  readonly pace: Pace | undefined;
}

export interface Pace {
  /** Longest wait for the next piece. */
  readonly idleMs: number;
  /** Longest that the reader may take nothing. */
  readonly readerMs: number;
}

/** A reader that paused for so long may have been dropped by a host that waits for nobody: not the host's failure. */
const longPauseMs = 5_000;

/**
 * The body of a good answer while it arrives, taken piece by piece. Nothing is read ahead beyond undici's 64 KiB and the
 * kernel's buffers, so a reader that pauses makes the host pause. The exchange ends with the body: at its last byte, at
 * a failure, or when the reader cancels; unread bytes are not drained, the connection is closed.
 */
export class LiveBody {
  readonly #body: Readable;
  readonly #hop: Hop;
  readonly #limits: LiveBodyLimits;
  #received = 0;
  #complete = false;
  #failure: RegistryError | undefined;
  /** Who waits for the next piece. */
  #waiting: PromiseWithResolvers<unknown> | undefined;
  #notify: ((failure: RegistryError) => void) | undefined;
  #givenAt = performance.now();
  /** Milliseconds that the reader took before it asked for the piece that is awaited; undefined while it asks for none. */
  #pauseMs: number | undefined;

  constructor(body: Readable, hop: Hop, limits: LiveBodyLimits) {
    this.#body = body;
    this.#hop = hop;
    this.#limits = limits;
    // Also between two reads: a caller that gives up, or a connection that breaks, ends the exchange at once.
    body.once("error", (error) => this.#fail(error));
    // One at a time, as it arrived: the iterator of a stream would copy all that waits into one.
    body.pause().on("data", (piece) => {
      body.pause();
      this.#waiting?.resolve(piece);
    });
    body.once("end", () => this.#waiting?.resolve(undefined));
    // Also where it is closed without an error.
    body.once("close", () => this.#waiting?.reject(new Error("closed before its end")));
    this.#awaitReader();
  }

  /** Is told of a failure when it happens, read or not; at once where it has happened. Cancelling is none. */
  onFailure(notify: (failure: RegistryError) => void): void {
    if (this.#failure === undefined) this.#notify = notify;
    else notify(this.#failure);
  }

  /** The next piece; undefined at the end. One call at a time. @throws RegistryError */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#complete) return undefined;
    this.#awaitHost();
    let piece: unknown;
    try {
      piece = await this.#next();
    } catch (error) {
      throw this.#fail(error);
    }
    // Cancelled meanwhile.
    if (this.#failure !== undefined) throw this.#failure;
    if (piece === undefined) {
      this.#complete = true;
      this.#hop.end("succeeded");
      return undefined;
    }
    if (!(piece instanceof Uint8Array)) throw this.#fail(new TypeError("a response body must be read as bytes"));
    this.#received += piece.length;
    if (this.#received > this.#limits.maxBytes) throw this.#fail(tooLarge(this.#hop.name, this.#limits.maxBytes));
    this.#awaitReader();
    return piece;
  }

  /** All that is left, in memory. @throws RegistryError */
  async readAll(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) pieces.push(piece);
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** The reader wants no more. Does nothing after the end. */
  cancel(): void {
    if (this.#complete || this.#failure !== undefined) return;
    this.#failure = new RegistryError("ABORTED", `${this.#hop.name}: its reader stopped before the end`);
    this.#hop.end("unclear");
    this.#body.destroy();
  }

  async #next(): Promise<unknown> {
    if (this.#body.readableEnded) return undefined;
    if (this.#body.destroyed) throw this.#body.errored ?? new Error("closed before its end");
    this.#waiting = Promise.withResolvers<unknown>();
    this.#body.resume();
    return await this.#waiting.promise;
  }

  #fail(error: unknown): RegistryError {
    if (this.#failure !== undefined) return this.#failure;
    const pauseMs = this.#pauseMs ?? performance.now() - this.#givenAt;
    const failure = this.#hop.fail(error, this.#limits.pace !== undefined && pauseMs >= longPauseMs);
    // A body that was read to its end may still be reported broken by its connection: that concerns nobody any more.
    if (this.#complete) return failure;
    this.#failure = failure;
    this.#body.destroy();
    this.#notify?.(failure);
    return failure;
  }

  #awaitHost(): void {
    const { pace } = this.#limits;
    this.#pauseMs = performance.now() - this.#givenAt;
    if (pace === undefined) return;
    this.#hop.limit(pace.idleMs, () => timeout(`${this.#hop.name}: sent nothing more for ${pace.idleMs / 1000} s`));
  }

  #awaitReader(): void {
    const { pace } = this.#limits;
    this.#pauseMs = undefined;
    this.#givenAt = performance.now();
    if (pace === undefined) return;
    const text = `${this.#hop.name}: its reader took nothing for ${pace.readerMs / 1000} s`;
    this.#hop.limit(pace.readerMs, () => new RegistryError("ABORTED", text));
  }
}

export function tooLarge(name: string, maxBytes: number): RegistryError {
  return new RegistryError("TOO_LARGE", `${name}: the answer is larger than ${maxBytes} bytes`);
}
