/** Cuts off the body that it was given for. */
type CutOff = () => void;

/** A request's share of a budget. */
export interface BodyShare {
  /** Counts bytes that have arrived; false where there is no room for them, and then the body is to be refused. */
  add(bytes: number): boolean;
  /** The body is whole: it is cut off no more, and counts until `end`. */
  whole(): void;
  /** Gives all of it back. */
  end(): void;
}

interface Share {
  bytes: number;
  readonly cutOff: CutOff;
}

/**
 * A bound on the bytes of all bodies that are under way at once, from their first byte to their answer. Bytes count as
 * they arrive and not as they are announced. Where they are too many, the oldest body that is not whole yet is cut off:
 * a review arrives within milliseconds, so that is one which somebody holds open. Where all are whole, the newcomer is
 * refused.
 */
export class BodyBudget {
  readonly #maxBytes: number;
  /** Not whole yet; the oldest first. */
  readonly #arriving = new Set<Share>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are under way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Opens a request's share. `cutOff` is called at most once. */
  open(cutOff: CutOff): BodyShare {
    const share: Share = { bytes: 0, cutOff };
    this.#arriving.add(share);
    return {
      add: (bytes) => this.#add(share, bytes),
      whole: () => void this.#arriving.delete(share),
      end: () => this.#end(share),
    };
  }

  #add(share: Share, bytes: number): boolean {
    while (this.#bytes + bytes > this.#maxBytes) {
      const [oldest] = this.#arriving;
      if (oldest === undefined || oldest === share) return false;
      this.#end(oldest);
      oldest.cutOff();
    }
    share.bytes += bytes;
    this.#bytes += bytes;
    return true;
  }

  #end(share: Share): void {
    this.#arriving.delete(share);
    this.#bytes -= share.bytes;
    share.bytes = 0;
  }
}
