// @peculiar/x509 builds on tsyringe, which refuses to load before this polyfill.
import "reflect-metadata";
import { generateKeyPairSync, KeyObject, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** PEM texts; the key is PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** The user's name in Kubernetes, for a client. */
  readonly commonName: string;
  /** The user's groups in Kubernetes. */
  readonly organizations?: readonly string[];
  readonly client?: boolean;
  readonly server?: boolean;
  readonly addresses?: readonly string[];
  readonly hosts?: readonly string[];
  /** Names that are URIs, such as `metahub:machine-type:type1`. */
  readonly uris?: readonly string[];
}

export interface Authority extends KeyPair {
  issue(request: CertificateRequest): Promise<KeyPair>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;
/** A cluster for the demo may stay up for days; no test cluster lives for a year. */
const lifetimeMs = 365 * dayMs;

/** A certificate authority for one cluster. */
export async function createAuthority(now: Date = new Date()): Promise<Authority> {
  const keys = await generateKeys();
  // An hour back: clocks of containers and hosts differ.
  const validity = { notBefore: new Date(+now - 3_600_000), notAfter: new Date(+now + lifetimeMs) };
  const name = [{ CN: ["metahub-test"] }];
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...validity,
      name,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return {
    certificate: pem(root),
    key: privatePem(keys),
    async issue(request) {
      const own = await generateKeys();
      const groups = (request.organizations ?? []).map((group) => ({ O: [group] }));
      const usages: string[] = [];
      if (request.client) usages.push(x509.ExtendedKeyUsage.clientAuth);
      if (request.server) usages.push(x509.ExtendedKeyUsage.serverAuth);
      const names: x509.JsonGeneralNames = [
        ...(request.addresses ?? []).map((value) => ({ type: "ip", value }) as const),
        ...(request.hosts ?? []).map((value) => ({ type: "dns", value }) as const),
        ...(request.uris ?? []).map((value) => ({ type: "url", value }) as const),
      ];
      const certificate = await x509.X509CertificateGenerator.create(
        {
          ...validity,
          subject: [...groups, { CN: [request.commonName] }],
          issuer: name,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: algorithm,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension(usages),
            await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
            ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
          ],
        },
        webcrypto,
      );
      return { certificate: pem(certificate), key: privatePem(own) };
    },
  };
}

/** The key pair with which the API server signs and checks service account tokens (ES256). */
export function serviceAccountKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

function privatePem(keys: webcrypto.CryptoKeyPair): string {
  return KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }).toString();
}
