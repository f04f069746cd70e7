import { createHash, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { formatTimedLines, inSeconds, parseTimedLines } from "./timed-lines.ts";

/**
 * A key that proves who wrote something: the notes of Pods, the tokens of the registry; each of them has keys of its own.
 * One signs at a time, and the older ones go on verifying.
 */
export interface SigningKey {
  /** Names the key without telling it: 16 hexadecimal digits of its SHA-256. */
  readonly id: string;
  /** It signs from this time on, until the next one does. Every replica has read it by then. */
  readonly signsFrom: Date;
  /** 32 bytes, ready to sign with: a MAC by the bytes themselves takes five times as long. */
  readonly secret: KeyObject;
}

/** The keys of an installation, in no order. Empty: nothing can be signed, and nothing proves itself. */
export type SigningKeys = readonly SigningKey[];

/** A new key signs that long after it was stored: replicas hear of it within seconds, by their watch. */
const readyMs = 10 * 60_000;
/** Keys that are read and kept at most. */
const mostKeys = 32;
const secretBytes = 32;
const line = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([A-Za-z0-9_-]{43})$/;

/**
 * The key that signs at this time. Before the time of the first one it is that one: the clock of who made it may be ahead.
 * Undefined where there is none.
 */
export function signingKey(keys: SigningKeys, now: Date): SigningKey | undefined {
  const inOrder = keys.toSorted((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime());
  return inOrder.findLast(({ signsFrom }) => signsFrom <= now) ?? inOrder[0];
}

/**
 * Reads keys as a Secret or a file holds them: one a line, `SIGNS-FROM SECRET`, the time in RFC 3339 and the secret in
 * base64url. @throws KeyError that names the line, and repeats nothing of it
 */
export function parseSigningKeys(text: string): SigningKeys {
  return parseTimedLines(text, {
    line,
    otherwise: "no key: expected a time and 32 bytes in base64url",
    most: mostKeys,
    plural: "keys",
  }).map(({ time, value }) => toKey(time, Buffer.from(value, "base64url")));
}

export function formatSigningKeys(keys: SigningKeys): string {
  return formatTimedLines(
    keys.map(({ signsFrom, secret }) => ({ time: signsFrom, value: secret.export().toString("base64url") })),
  );
}

/** A new key that signs from then on. */
export function createSigningKey(signsFrom: Date): SigningKey {
  return toKey(inSeconds(signsFrom), randomBytes(secretBytes));
}

export interface SigningKeyRules {
  readonly now: Date;
  /** How long a key signs, ms. */
  readonly signsForMs: number;
  /** How long after its last signature a key goes on verifying, ms. */
  readonly verifiesForMs: number;
}

/** The keys that there should be: the same ones where nothing is due. The first key signs at once. */
export function renewSigningKeys(keys: SigningKeys, { now, signsForMs, verifiesForMs }: SigningKeyRules): SigningKeys {
  const inOrder = keys.toSorted((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime());
  const [newest] = inOrder;
  if (newest === undefined) return [createSigningKey(now)];
  const due = newest.signsFrom.getTime() + signsForMs - readyMs <= now.getTime();
  const wanted = due ? [createSigningKey(new Date(now.getTime() + readyMs)), ...inOrder] : inOrder;
  const kept = wanted.filter((_, index) => {
    const next = wanted[index - 1];
    return next === undefined || next.signsFrom.getTime() + verifiesForMs > now.getTime();
  });
  const result = kept.slice(0, mostKeys);
  return result.length === keys.length && result.every((key, index) => key.id === keys[index]?.id) ? keys : result;
}

function toKey(signsFrom: Date, secret: Buffer): SigningKey {
  const id = createHash("sha256").update(secret).digest("hex").slice(0, 16);
  return { id, signsFrom, secret: createSecretKey(secret) };
}
