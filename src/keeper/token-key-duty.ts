import { formatSigningKeys, parseSigningKeys, renewSigningKeys } from "../keys/signing-keys.ts";
import { tokenKeyRules, tokenKeysMember } from "../keys/token-rules.ts";
import type { SecretStore } from "../kubernetes/secrets/store.ts";
import { contendedMs, type KeeperContext, type NextLook } from "./context.ts";
import { readStored } from "./stored-keys.ts";

export interface TokenKeyDutyOptions extends Pick<KeeperContext, "writes" | "log" | "clock"> {
  readonly keys: Pick<SecretStore, "read" | "write" | "place">;
}

const lost = "the keys of tokens cannot be read and are made anew";
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
    const text = stored?.data[tokenKeysMember];
    const known = readStored({ text, secret: keys.place, key: tokenKeysMember, lost }, parseSigningKeys, log);
    const wanted = renewSigningKeys(known, { now: clock.wall(), ...tokenKeyRules });
    const renewed = formatSigningKeys(wanted);
    if (text === renewed) return lookMs;
    if ((await keys.write({ [tokenKeysMember]: renewed }, stored, signal)) === "conflict") return contendedMs;
    writes.add("token-keys");
    log.info({ secret: keys.place }, "the keys of the registry's tokens were renewed");
    return lookMs;
  }
}
