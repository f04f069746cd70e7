import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { type SigningKey, type SigningKeys, signingKey } from "../keys/signing-keys.ts";
import { IdentityError } from "./error.ts";

/** The one to whom a token was given. Whether that still counts is looked up at each use. */
const subjectSchema = z.union([
  /** A credential, and the beginning of its secret's hash: another secret under its name ends its tokens. */
  z.strictObject({ credential: z.string(), hash: z.string() }),
  z.strictObject({ features: z.array(z.string()) }),
  z.strictObject({ anonymous: z.literal(true) }),
  /** Worth nothing without the certificate. */
  z.strictObject({ certificate: z.string() }),
]);
const contentSchema = z.strictObject({
  subject: subjectSchema,
  /** Names of repositories that may be pulled, as clients ask for them. */
  pull: z.array(z.string()),
  audience: z.string(),
  /** Seconds since the epoch. */
  expires: z.number(),
});

export type TokenSubject = z.infer<typeof subjectSchema>;
export type TokenContent = z.infer<typeof contentSchema>;

/**
 * How long a token counts, seconds. An hour, because containerd 1.6 and its CRI plugin never fetch a second token within
 * one pull; a shorter time would win nothing, since revocation is looked up at each use.
 */
export const tokenSeconds = 3_600;

/** `mht1.KEY.CONTENT.MAC`: the key's id, JSON and its HMAC-SHA256, both in base64url. */
const form = /^(mht1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]{43})$/;

/** @throws IdentityError KEYS_UNUSABLE where no key signs yet */
export function signToken(content: TokenContent, keys: SigningKeys, now: Date): string {
  const key = signingKey(keys, now);
  if (key === undefined) throw new IdentityError("KEYS_UNUSABLE", "no key signs tokens yet");
  const signed = `mht1.${key.id}.${Buffer.from(JSON.stringify(content)).toString("base64url")}`;
  return `${signed}.${macOf(key, signed).toString("base64url")}`;
}

/** The content of a token that one of these keys signed; undefined for any other text. Nothing in it is checked further. */
export function readToken(token: string, keys: SigningKeys): TokenContent | undefined {
  const [, signed = "", id = "", content = "", mac = ""] = form.exec(token) ?? [];
  const key = keys.find((one) => one.id === id);
  if (key === undefined) return undefined;
  // The last character of base64url has bits that are not read: what is compared is what was decoded.
  if (!timingSafeEqual(macOf(key, signed), Buffer.from(mac, "base64url"))) return undefined;
  // Another version of this program may have signed something else.
  const read = contentSchema.safeParse(JSON.parse(Buffer.from(content, "base64url").toString("utf8")));
  return read.success ? read.data : undefined;
}

function macOf({ secret }: SigningKey, signed: string): Buffer {
  // The words keep these keys' signatures apart from any other use of them.
  return createHmac("sha256", secret).update("metahub registry token\n").update(signed).digest();
}
