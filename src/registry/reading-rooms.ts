import { ReadingRoom } from "./reading-room.ts";

/** Bytes of documents as they are in use: an index of 64 builds has some 30 KiB. */
const smallBytes = 65_536;
/** Bytes of small documents that are read at once. */
const smallRoomBytes = 2 * 1_048_576;
/** Bytes of others that are read at once: two of the largest, of one namespace one. */
const largeRoomBytes = 8 * 1_048_576;

/**
 * Two rooms for documents: those of usual size never wait for large ones, which hold their room for as long as a slow
 * registry likes.
 */
export class ReadingRooms {
  readonly #small = new ReadingRoom(smallRoomBytes);
  readonly #large = new ReadingRoom(largeRoomBytes);

  /** @throws RegistryError ABORTED where the signal ends before the turn comes, and whatever the work throws */
  run<T>(namespace: string, bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return (bytes <= smallBytes ? this.#small : this.#large).run(namespace, bytes, signal, work);
  }
}
