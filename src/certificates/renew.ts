import { createAuthority, issue, type KeyPair } from "./issue.ts";
import {
  authorityFault,
  type Found,
  lifeOf,
  needsRenewal,
  readableCertificates,
  type StoredData,
  servingFault,
} from "./material.ts";

/** The whole content of a store, right and current. */
export interface Material {
  readonly authority: KeyPair;
  /** Trusted authorities, the signing one first: what clients get as their CA bundle. */
  readonly authorities: readonly string[];
  readonly serving: KeyPair;
}

export interface RenewOptions {
  readonly hosts: readonly string[];
  readonly now: Date;
  readonly authorityName: string;
  readonly authorityLifetimeMs: number;
  readonly certificateLifetimeMs: number;
}

export interface Renewal {
  readonly material: Material;
  /** One sentence for each thing that was made anew; empty where all that is stored stays. */
  readonly reasons: readonly string[];
}

/**
 * Keeps of the stored data what is good, and makes the rest anew. A new authority leaves a serving certificate of the
 * old one in place until that is due itself, and the old one in the bundle until it ends: at no moment does a replica
 * serve a certificate whose authority clients do not know.
 */
export async function renew(stored: StoredData | undefined, options: RenewOptions): Promise<Renewal> {
  const { hosts, now } = options;
  const reasons: string[] = [];
  const readable = readableCertificates(stored?.["ca.crt"]);
  const trusted = readable.filter((certificate) => lifeOf(certificate).notAfter > now);
  const foundAuthority = { certificate: readable[0], key: stored?.["ca.key"] };
  let authority = complete(foundAuthority);
  const due = stored === undefined ? "nothing is stored yet" : authorityDue(foundAuthority, now);
  if (due !== undefined || authority === undefined) {
    reasons.push(`new certificate authority: ${due}`);
    const lifetimeMs = options.authorityLifetimeMs;
    authority = await createAuthority({ name: options.authorityName, now, lifetimeMs });
  }
  const signing = authority.certificate;
  const authorities = [signing, ...trusted.filter((certificate) => certificate !== signing)];
  const foundServing = { certificate: stored?.["tls.crt"], key: stored?.["tls.key"] };
  let serving = complete(foundServing);
  const fault = servingFault(foundServing, authorities, hosts, now);
  if (serving === undefined || fault !== undefined || needsRenewal(lifeOf(serving.certificate), now)) {
    if (stored !== undefined) reasons.push(`new serving certificate: ${fault ?? "two thirds of its life are over"}`);
    serving = await issue({ authority, hosts, now, lifetimeMs: options.certificateLifetimeMs });
  }
  return { material: { authority, authorities, serving }, reasons };
}

export function toStored({ authority, authorities, serving }: Material): Required<StoredData> {
  return {
    "ca.crt": bundleOf(authorities),
    "ca.key": authority.key,
    "tls.crt": serving.certificate,
    "tls.key": serving.key,
  };
}

export function bundleOf(authorities: readonly string[]): string {
  return authorities.map((certificate) => `${certificate.trim()}\n`).join("");
}

function authorityDue(found: Found, now: Date): string | undefined {
  const fault = authorityFault(found, now);
  if (fault !== undefined) return fault;
  const overdue = found.certificate !== undefined && needsRenewal(lifeOf(found.certificate), now);
  return overdue ? "two thirds of its life are over" : undefined;
}

function complete({ certificate, key }: Found): KeyPair | undefined {
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}
