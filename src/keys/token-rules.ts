import type { SigningKeyRules } from "./signing-keys.ts";

const hourMs = 3_600_000;

/** Where a Secret of the keeper holds them. */
export const tokenKeysMember = "token-keys";

/**
 * How long the keys of tokens live. A key signs for a day. A token counts for an hour after its last signature; the second
 * one is for wrong clocks.
 */
export const tokenKeyRules: Omit<SigningKeyRules, "now"> = { signsForMs: 24 * hourMs, verifiesForMs: 2 * hourMs };
