import { onAbort } from "../time/on-abort.ts";
import { aborted } from "./flight.ts";

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
  /** How often others were let in before it, though it was first in its namespace. */
  passedOver: number;
}

/** Times that a document is passed over for smaller ones before the room waits for it. */
const mostPassedOver = 8;
/** Share of the room that a document may have for the room to wait for it: those in use have far less. */
const waitedFor = 1 / 8;

/**
 * Bounds the bytes of documents that are fetched and read at once, by what their descriptors say: what is made of one
 * while it is read takes ten times its bytes and more. A namespace leaves as much free as it takes, so that one alone has
 * half of the room and there is always something left for one more; those that wait take turns by namespace. A document
 * that does not fit beside others has its turn alone. Small ones go ahead of one that does not fit yet, but not for ever:
 * where it is of usual size, nobody else is let in after some.
 */
export class ReadingRoom {
  readonly #most: number;
  readonly #used = new Map<string, number>();
  /** By namespace; who asked first is first. Bounded by the look-ups under way. */
  readonly #waiting = new Map<string, Set<Waiting>>();
  #all = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** @throws RegistryError ABORTED where the signal ends before the turn comes, and whatever the work throws */
  async run<T>(namespace: string, bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw aborted(signal);
    if (this.#waiting.has(namespace) || this.#awaited() !== undefined || !this.#fits(namespace, bytes))
      await this.#wait(namespace, bytes, signal);
    else this.#begin(namespace, bytes);
    try {
      return await work();
    } finally {
      this.#take(namespace, -bytes);
      this.#next();
    }
  }

  #begin(namespace: string, bytes: number): void {
    this.#passOver(namespace);
    this.#take(namespace, bytes);
  }

  #fits(namespace: string, bytes: number): boolean {
    if (this.#all === 0) return true;
    const own = this.#used.get(namespace) ?? 0;
    return own + bytes <= this.#most - this.#all - bytes;
  }

  #take(namespace: string, bytes: number): void {
    const own = (this.#used.get(namespace) ?? 0) + bytes;
    this.#all += bytes;
    if (own === 0) this.#used.delete(namespace);
    else this.#used.set(namespace, own);
  }

  #wait(namespace: string, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#waiting.get(namespace) ?? new Set();
      this.#waiting.set(namespace, line);
      const leave = (): void => {
        line.delete(waiting);
        if (line.size === 0 && this.#waiting.get(namespace) === line) this.#waiting.delete(namespace);
      };
      const takeBack = onAbort(signal, () => {
        leave();
        reject(aborted(signal));
        this.#next();
      });
      const begin = (): void => {
        takeBack();
        this.#begin(namespace, bytes);
        leave();
        resolve();
      };
      const waiting: Waiting = { bytes, begin, passedOver: 0 };
      line.add(waiting);
    });
  }

  /** Who was passed over often enough, and waited longest. */
  #awaited(): string | undefined {
    for (const [namespace, line] of this.#waiting) {
      const [first] = line;
      if (first !== undefined && first.passedOver >= mostPassedOver) return namespace;
    }
    return undefined;
  }

  /** Begins as many as there is room for, one of each namespace in turn. */
  #next(): void {
    for (let begun = true; begun; ) {
      begun = false;
      const awaited = this.#awaited();
      for (const [namespace, line] of [...this.#waiting]) {
        const [first] = line;
        if (first === undefined || (awaited !== undefined && namespace !== awaited)) continue;
        if (!this.#fits(namespace, first.bytes)) continue;
        first.begin();
        begun = true;
        // To the end of the line of namespaces.
        if (line.size > 0) {
          this.#waiting.delete(namespace);
          this.#waiting.set(namespace, line);
        }
      }
    }
  }

  /** Those before it in the line of namespaces. Who does not fit beside documents of its own is not passed over. */
  #passOver(namespace: string): void {
    for (const [other, [first]] of this.#waiting) {
      if (other === namespace) return;
      const usual = first !== undefined && first.bytes <= this.#most * waitedFor;
      if (usual && !this.#used.has(other)) first.passedOver += 1;
    }
  }
}
