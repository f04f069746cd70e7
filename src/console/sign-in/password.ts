import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** A password as it is kept: PHC's form, `$scrypt$ln=15,r=8,p=3$SALT$HASH`, both in base64 without `=`. */
export interface PasswordHash {
  /** log2 of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** One of the choices of OWASP's password storage cheat sheet for scrypt: 32 MiB, and some hundred milliseconds. */
const usual = { ln: 15, r: 8, p: 3 };
const saltBytes = 16;
const hashBytes = 32;
/** Bytes that scrypt may take: 128 · N · r, and a little. A line of a users file asks for no more. */
const maxMemory = 256 * 1_048_576;

/** Hashes a password with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, { ...usual, salt, hash: Buffer.alloc(hashBytes) });
  const text = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");
  return `$scrypt$ln=${usual.ln},r=${usual.r},p=${usual.p}$${text(salt)}$${text(hash)}`;
}

/** Reads what `hashPassword` wrote; undefined where it is something else. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{22,86})$/.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const read = {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  const bytes = 128 * 2 ** read.ln * read.r;
  // Below 2^14 a hash is guessed cheaply.
  return read.ln >= 14 && read.r >= 8 && read.p >= 1 && read.p <= 4 && bytes <= maxMemory / 2 ? read : undefined;
}

/** A hash of no password, with which the time of a real one is spent for users that there are not. */
export const nobodysHash: PasswordHash = {
  ...usual,
  salt: Buffer.alloc(saltBytes),
  hash: Buffer.alloc(hashBytes),
};

/** Whether it is the password, in a time that does not depend on it. */
export async function isPassword(password: string, kept: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, kept), kept.hash);
}

/** Normalized, as one keyboard writes é as one character and another as two. */
function derive(password: string, { ln, r, p, salt, hash }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, hash.length, { N: 2 ** ln, r, p, maxmem: maxMemory }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
