import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { CertificateError } from "./error.ts";
import type { KeyPair } from "./issue.ts";

/** Texts by their names: what a Secret of type kubernetes.io/tls holds, with the authority beside it. */
export interface StoredData {
  readonly "ca.crt"?: string | undefined;
  readonly "ca.key"?: string | undefined;
  readonly "tls.crt"?: string | undefined;
  readonly "tls.key"?: string | undefined;
}

export const storedNames = ["ca.crt", "ca.key", "tls.crt", "tls.key"] as const;

/** Two thirds of its life: a third is left to notice and repair what keeps a certificate from being renewed. */
const renewAt = 2 / 3;

/** A pair of which parts may be missing. */
export type Found = { readonly [Part in keyof KeyPair]: string | undefined };

/** Authorities that are trusted at once. Two are usual: the one that signs and the one before it. */
const maxAuthorities = 4;

/** The time in which a certificate is valid. */
export interface Life {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function lifeOf(certificate: string): Life {
  const read = readCertificate(certificate);
  return { notBefore: new Date(read.validFrom), notAfter: new Date(read.validTo) };
}

export function renewalTime({ notBefore, notAfter }: Life): Date {
  return new Date(notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * renewAt);
}

export function needsRenewal(life: Life, now: Date): boolean {
  return now.getTime() >= renewalTime(life).getTime();
}

/** The certificates in a text of PEM blocks, each readable and bounded in number. Unreadable blocks are left out. */
export function readableCertificates(text: string | undefined): readonly string[] {
  const blocks = text?.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, maxAuthorities).flatMap((block) => {
    const read = tryRead(block);
    return read === undefined ? [] : [read.toString()];
  });
}

/** Says why the pair cannot serve as an authority at that time; undefined where it can. */
export function authorityFault(pair: Found, now: Date): string | undefined {
  const read = pair.certificate === undefined ? undefined : tryRead(pair.certificate);
  if (read === undefined) return "ca.crt holds no readable certificate";
  if (pair.key === undefined) return "ca.key is missing";
  if (!read.ca) return "the certificate in ca.crt is no authority";
  if (!keyFits(read, pair.key)) return "ca.key does not belong to ca.crt";
  if (new Date(read.validFrom) > now) return "the authority is not valid yet: is this machine's clock right?";
  if (new Date(read.validTo) <= now) return "the authority has expired";
  return undefined;
}

/** Says why the pair cannot serve these hosts; undefined where it can. */
export function servingFault(
  pair: Found,
  authorities: readonly string[],
  hosts: readonly string[],
  now: Date,
): string | undefined {
  const read = pair.certificate === undefined ? undefined : tryRead(pair.certificate);
  if (read === undefined) return "tls.crt holds no readable certificate";
  if (pair.key === undefined) return "tls.key is missing";
  if (!keyFits(read, pair.key)) return "tls.key does not belong to tls.crt";
  if (!authorities.some((authority) => signs(authority, read))) return "tls.crt is signed by no authority in ca.crt";
  const missing = hosts.find((host) => (isIP(host) ? read.checkIP(host) : read.checkHost(host)) === undefined);
  if (missing !== undefined) return `tls.crt is not for the host ${missing}`;
  if (new Date(read.validFrom) > now) return "tls.crt is not valid yet: is this machine's clock right?";
  if (new Date(read.validTo) <= now) return "tls.crt has expired";
  return undefined;
}

/** True where the key belongs to the certificate. False for a key that cannot be read. */
export function isPair(pair: KeyPair): boolean {
  const read = tryRead(pair.certificate);
  return read !== undefined && keyFits(read, pair.key);
}

/** Whether the authority signed the certificate. False for texts that are none. */
export function isIssuer(authority: string, certificate: string | undefined): boolean {
  const read = certificate === undefined ? undefined : tryRead(certificate);
  return read !== undefined && signs(authority, read);
}

function signs(authority: string, certificate: X509Certificate): boolean {
  const issuer = tryRead(authority);
  return issuer !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function keyFits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false; // Unreadable, which callers report; the cause might quote the key.
  }
}

function tryRead(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined; // Callers say what is not readable; OpenSSL's reason adds nothing for the reader.
  }
}

function readCertificate(text: string): X509Certificate {
  const read = tryRead(text);
  if (read === undefined) throw new CertificateError("MATERIAL_INVALID", "the certificate cannot be read as PEM");
  return read;
}
