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

/** Takes a piece, or the end. @returns whether it takes another one at once */
export type Take = (piece: Uint8Array | undefined) => boolean;

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
  /** Whoever waits for the next piece, or for each. */
  #take: Take | undefined;
  #reading: PromiseWithResolvers<Uint8Array | undefined> | undefined;
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
    // As they arrived: the iterator of a stream would copy all that waits into one.
    body.pause().on("data", (piece) => this.#give(piece));
    body.once("end", () => this.#take !== undefined && this.#end(this.#take));
    // Also where it is closed without an error.
    body.once("close", () => this.#take !== undefined && this.#fail(new Error("closed before its end")));
    this.#awaitReader();
  }

  /** Is told of a failure when it happens, read or not; at once where it has happened. Cancelling is none. */
  onFailure(notify: (failure: RegistryError) => void): void {
    if (this.#failure === undefined) this.#notify = notify;
    else notify(this.#failure);
  }

  /**
   * Gives pieces as they arrive, without a promise for each, until one is the last that is wanted: tens of thousands pass
   * for each gigabyte. A failure is told to `onFailure`.
   */
  ask(take: Take): void {
    if (this.#failure !== undefined) return;
    if (this.#complete) {
      take(undefined);
      return;
    }
    this.#take = take;
    this.#awaitHost();
    if (this.#body.readableEnded) this.#end(take);
    else if (this.#body.destroyed) this.#fail(this.#body.errored ?? new Error("closed before its end"));
    else this.#body.resume();
  }

  /** The next piece; undefined at the end. One call at a time. @throws RegistryError */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const reading = Promise.withResolvers<Uint8Array | undefined>();
    this.#reading = reading;
    this.ask((piece) => {
      reading.resolve(piece);
      return false;
    });
    return await reading.promise;
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
    this.#reading?.reject(this.#failure);
  }

  #give(piece: unknown): void {
    const take = this.#take;
    if (take === undefined || this.#failure !== undefined) return;
    if (!(piece instanceof Uint8Array)) {
      this.#fail(new TypeError("a response body must be read as bytes"));
      return;
    }
    this.#received += piece.length;
    if (this.#received > this.#limits.maxBytes) {
      this.#fail(tooLarge(this.#hop.name, this.#limits.maxBytes));
      return;
    }
    this.#awaitReader();
    this.#take = undefined;
    if (take(piece)) this.ask(take);
    else if (this.#take === undefined) this.#body.pause();
  }

  #end(take: Take): void {
    if (this.#failure !== undefined) return;
    this.#take = undefined;
    this.#complete = true;
    this.#hop.end("succeeded");
    take(undefined);
  }

  #fail(error: unknown): RegistryError {
    if (this.#failure !== undefined) return this.#failure;
    const pauseMs = this.#pauseMs ?? performance.now() - this.#givenAt;
    const failure = this.#hop.fail(error, this.#limits.pace !== undefined && pauseMs >= longPauseMs);
    // A body that was read to its end may still be reported broken by its connection: that concerns nobody any more.
    if (this.#complete) return failure;
    this.#failure = failure;
    this.#body.destroy();
    this.#reading?.reject(failure);
    this.#notify?.(failure);
    return failure;
  }

  readonly #silent = (): RegistryError =>
    timeout(`${this.#hop.name}: sent nothing more for ${secondsOf(this.#limits.pace?.idleMs)}`);

  readonly #untaken = (): RegistryError =>
    new RegistryError(
      "ABORTED",
      `${this.#hop.name}: its reader took nothing for ${secondsOf(this.#limits.pace?.readerMs)}`,
    );

  #awaitHost(): void {
    const { pace } = this.#limits;
    this.#pauseMs = performance.now() - this.#givenAt;
    if (pace === undefined) return;
    this.#hop.limit(pace.idleMs, this.#silent);
  }

  #awaitReader(): void {
    const { pace } = this.#limits;
    this.#pauseMs = undefined;
    this.#givenAt = performance.now();
    if (pace === undefined) return;
    this.#hop.limit(pace.readerMs, this.#untaken);
  }
}

function secondsOf(ms = 0): string {
  return `${ms / 1_000} s`;
}

export function tooLarge(name: string, maxBytes: number): RegistryError {
  return new RegistryError("TOO_LARGE", `${name}: the answer is larger than ${maxBytes} bytes`);
}
