import { KeyError } from "../keys/error.ts";
import { formatSigningKeys, parseSigningKeys, renewSigningKeys, type SigningKeys } from "../keys/signing-keys.ts";
import { tokenKeyRules } from "../keys/token-rules.ts";
import type { SecretStore } from "../kubernetes/secrets/store.ts";
import { contendedMs, type KeeperContext, type NextLook } from "./context.ts";

export interface TokenKeyDutyOptions extends Pick<KeeperContext, "writes" | "log" | "clock"> {
  readonly keys: Pick<SecretStore, "read" | "write" | "place">;
}

/** The member of the Secret. */
const tokenKeysMember = "token-keys";
/** Between two looks, ms: a key is renewed ten minutes before it is needed. */
const lookMs = 60_000;

/**
 * Keeps the keys that sign the filtering registry's tokens, in a Secret of their own: whoever reads it is let in as
 * anybody there, and has nothing of the webhook's.
 */
export class TokenKeyDuty {
  readonly #options: TokenKeyDutyOptions;

  constructor(options: TokenKeyDutyOptions) {
    this.#options = options;
  }

  /** @throws KubernetesError */
  async look(signal: AbortSignal): Promise<NextLook> {
    const { keys, clock, writes, log } = this.#options;
    const stored = await keys.read(signal);
    const known = this.#read(stored?.data[tokenKeysMember]);
    const wanted = renewSigningKeys(known, { now: clock.wall(), ...tokenKeyRules });
    const text = formatSigningKeys(wanted);
    if (stored?.data[tokenKeysMember] === text) return lookMs;
    if ((await keys.write({ [tokenKeysMember]: text }, stored, signal)) === "conflict") return contendedMs;
    writes.add("token-keys");
    log.info({ secret: keys.place }, "the keys of the registry's tokens were renewed");
    return lookMs;
  }

  /** Nothing where the text is none: all of it is made anew, and clients fetch new tokens. */
  #read(text: string | undefined): SigningKeys {
    if (text === undefined) return [];
    try {
      return parseSigningKeys(text);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      const { log, keys } = this.#options;
      log.error({ error, secret: keys.place }, "the keys of tokens cannot be read and are made anew");
      return [];
    }
  }
}
