import { KeyError } from "../../keys/error.ts";
import { parsePathSegments } from "../../keys/path-segments.ts";
import { parseSigningKeys, type SigningKeys } from "../../keys/signing-keys.ts";
import type { FollowedSecret } from "../../kubernetes/secrets/follow.ts";
import type { SecretData } from "../../kubernetes/secrets/secret.ts";
import type { Logger } from "../../telemetry/log.ts";
import { type Clock, systemClock, unlessAborted } from "../../time/clock.ts";

/**
 * How long a segment is answered that vanished, ms: where the Secret was put back to what it was earlier, the keeper takes
 * up again what configurations name, and needs a moment for it.
 */
const graceMs = 60_000;

/** The keys that `metahub keeper` keeps in a Secret, as they change. A text that cannot be read changes nothing. */
export class FollowedKeys {
  readonly #secret: Pick<FollowedSecret, "place" | "read">;
  readonly #log: Logger;
  readonly #readers = new Set<(segments: readonly string[]) => void>();
  readonly #whole = Promise.withResolvers<void>();
  readonly #clock: Clock;
  #segments: readonly string[] = [];
  /** Ends of the times of those that vanished. */
  readonly #vanished = new Map<string, () => void>();
  #noteKeys: SigningKeys = [];

  constructor(secret: Pick<FollowedSecret, "place" | "read">, log: Logger, clock: Clock = systemClock) {
    this.#secret = secret;
    this.#log = log;
    this.#clock = clock;
    secret.read((data) => this.#take(data));
  }

  /** Calls the reader with the segments that count, and with each change of them. */
  onSegments(reader: (segments: readonly string[]) => void): void {
    this.#readers.add(reader);
    reader(this.#answered);
  }

  /** Ends its timers. */
  close(): void {
    for (const cancel of this.#vanished.values()) cancel();
    this.#vanished.clear();
  }

  /** The keys that prove notes. */
  get noteKeys(): SigningKeys {
    return this.#noteKeys;
  }

  /** Resolves once there are both. */
  there(signal: AbortSignal): Promise<void> {
    return unlessAborted(this.#whole.promise, signal, `waiting for ${this.#secret.place}`);
  }

  #take(data: SecretData): void {
    const segments = this.#read(data, "paths", parsePathSegments);
    if (segments !== undefined) {
      this.#replace(segments.map(({ segment }) => segment));
    }
    this.#noteKeys = this.#read(data, "note-keys", parseSigningKeys) ?? this.#noteKeys;
    if (this.#segments.length > 0 && this.#noteKeys.length > 0) this.#whole.resolve();
  }

  get #answered(): readonly string[] {
    return [...this.#segments, ...this.#vanished.keys()];
  }

  #replace(segments: readonly string[]): void {
    for (const gone of this.#segments.filter((segment) => segment !== "" && !segments.includes(segment))) {
      this.#vanished.get(gone)?.();
      const end = this.#clock.after(graceMs, () => {
        this.#vanished.delete(gone);
        this.#tell();
      });
      this.#vanished.set(gone, end);
    }
    for (const back of segments) {
      this.#vanished.get(back)?.();
      this.#vanished.delete(back);
    }
    this.#segments = segments;
    this.#tell();
  }

  #tell(): void {
    for (const reader of this.#readers) reader(this.#answered);
  }

  /** Undefined where there is nothing that can be read. */
  #read<T>(data: SecretData, key: string, parse: (text: string) => readonly T[]): readonly T[] | undefined {
    try {
      const read = parse(data[key] ?? "");
      if (read.length > 0) return read;
      this.#log.warn({ secret: this.#secret.place, key }, "keys are missing, and those that were there go on counting");
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      this.#log.error(
        { error, secret: this.#secret.place, key },
        "keys cannot be read, and those before go on counting",
      );
    }
    return undefined;
  }
}
