import { X509Certificate as ReadCertificate, type webcrypto } from "node:crypto";
import { isIP } from "node:net";
// The library's container reads class metadata: the polyfill must stand before it.
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { CertificateError } from "./error.ts";

/** A certificate and its private key, both PEM; the key is PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** P-256: what every TLS client takes, and small and fast to sign with. */
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Clocks of a cluster's machines differ: a certificate must not begin in another one's future. */
const backdatedMs = 5 * 60_000;

/** The longest name that still shows whole; the common name is for people only, limited to 64 by X.520. */
const commonName = 64;

/** When an authority of ours was made. */
export function createdAt(certificate: string): Date {
  return new Date(new Date(new ReadCertificate(certificate).validFrom).getTime() + backdatedMs);
}

export interface AuthorityOptions {
  readonly name: string;
  readonly now: Date;
  readonly lifetimeMs: number;
}

/** A new certificate authority that may sign certificates, no further authorities. */
export async function createAuthority({ name, now, lifetimeMs }: AuthorityOptions): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // The time makes names differ: verifiers look an issuer up by its name first, and two would be ambiguous.
    name: [{ CN: [`${name} ${now.toISOString()}`.slice(0, commonName)] }],
    notBefore: new Date(now.getTime() - backdatedMs),
    notAfter: new Date(now.getTime() + lifetimeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toKeyPair(certificate, keys);
}

export interface IssueOptions {
  readonly authority: KeyPair;
  /** DNS names and IP addresses; at least one. */
  readonly hosts: readonly string[];
  readonly now: Date;
  /** Shortened where the authority ends earlier. */
  readonly lifetimeMs: number;
}

/** A serving certificate for the hosts. @throws CertificateError HOST_INVALID */
export async function issue({ authority, hosts, now, lifetimeMs }: IssueOptions): Promise<KeyPair> {
  const names = hosts.map(toName);
  if (names.length === 0) throw new CertificateError("HOST_INVALID", "a serving certificate needs at least one host");
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(authority.key), algorithm, false, [
    "sign",
  ]);
  const keys = await generateKeys();
  const notAfter = Math.min(now.getTime() + lifetimeMs, issuer.notAfter.getTime());
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [(hosts[0] ?? "").slice(0, commonName)] }],
    issuer: issuer.subjectName,
    notBefore: new Date(Math.max(now.getTime() - backdatedMs, issuer.notBefore.getTime())),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return toKeyPair(certificate, keys);
}

function toName(host: string): { readonly type: "dns" | "ip"; readonly value: string } {
  if (isIP(host) !== 0) return { type: "ip", value: host };
  // A DNS name as RFC 1123 writes it, with a wildcard in its first label at most.
  if (
    host.length <= 253 &&
    /^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i.test(host)
  ) {
    return { type: "dns", value: host };
  }
  throw new CertificateError(
    "HOST_INVALID",
    `${JSON.stringify(host)} is neither a DNS name nor an IP address: write it without scheme and port, for example metahub-webhook.metahub.svc`,
  );
}

function generateKeys() {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** 16 random bytes with the first bit unset: positive, and within the 20 bytes of RFC 5280, section 4.1.2.2. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function toKeyPair(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  // Written the way node:crypto writes it, so that the same certificate is always the same text.
  return { certificate: new ReadCertificate(certificate.toString("pem")).toString(), key: `${key.trim()}\n` };
}
