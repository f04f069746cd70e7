import { createHash, randomBytes } from "node:crypto";

/** Tells what the text is to whoever finds it, people and secret scanners alike. */
const prefix = "mh_";
const secretBytes = 32;

/** A new secret: 32 random bytes in base64url behind `mh_`. */
export function createSecret(): string {
  return prefix + randomBytes(secretBytes).toString("base64url");
}

/** The digest by which a secret is known. Fast is enough: 256 random bits are not found by trying. */
export function digestOfSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** The digest as a MachineCredential has it: `sha256:` and hexadecimal digits. */
export function hashOfSecret(secret: string): string {
  return `sha256:${digestOfSecret(secret).toString("hex")}`;
}
