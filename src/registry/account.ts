import { createHmac, randomBytes } from "node:crypto";
import { type Credentials, canonicalText } from "../credentials/credentials.ts";

/**
 * Names for credentials, for cache keys and limits: equal credentials have equal names. Made by HMAC with a random key of
 * this process, so that a name that leaks (in a log, in a metric) cannot be tried against guessed passwords.
 */
export class Accounts {
  readonly #key = randomBytes(32);
  readonly #names = new WeakMap<Credentials, string>();

  name(credentials: Credentials | undefined): string {
    if (credentials === undefined) return "anonymous";
    const known = this.#names.get(credentials);
    if (known !== undefined) return known;
    const name = createHmac("sha256", this.#key).update(canonicalText(credentials)).digest("base64url").slice(0, 22);
    this.#names.set(credentials, name);
    return name;
  }
}
