import { KeyError } from "../../keys/error.ts";
import { parsePathSegments } from "../../keys/path-segments.ts";
import { parseSigningKeys, type SigningKeys } from "../../keys/signing-keys.ts";
import type { FollowedSecret } from "../../kubernetes/secrets/follow.ts";
import type { SecretData } from "../../kubernetes/secrets/secret.ts";
import type { Logger } from "../../telemetry/log.ts";
import { unlessAborted } from "../../time/clock.ts";

/** The keys that `metahub keeper` keeps in a Secret, as they change. A text that cannot be read changes nothing. */
export class FollowedKeys {
  readonly #secret: Pick<FollowedSecret, "place" | "read">;
  readonly #log: Logger;
  readonly #readers = new Set<(segments: readonly string[]) => void>();
  readonly #whole = Promise.withResolvers<void>();
  #segments: readonly string[] = [];
  #noteKeys: SigningKeys = [];

  constructor(secret: Pick<FollowedSecret, "place" | "read">, log: Logger) {
    this.#secret = secret;
    this.#log = log;
    secret.read((data) => this.#take(data));
  }

  /** Calls the reader with the segments that count, and with each change of them. */
  onSegments(reader: (segments: readonly string[]) => void): void {
    this.#readers.add(reader);
    reader(this.#segments);
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
      this.#segments = segments.map(({ segment }) => segment);
      for (const reader of this.#readers) reader(this.#segments);
    }
    this.#noteKeys = this.#read(data, "note-keys", parseSigningKeys) ?? this.#noteKeys;
    if (this.#segments.length > 0 && this.#noteKeys.length > 0) this.#whole.resolve();
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
