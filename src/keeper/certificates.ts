import { isIssuer, readableCertificates, type StoredData, servingFault } from "../certificates/material.ts";
import { bundleOf, type RenewOptions, renew } from "../certificates/renew.ts";
import type { SecretData } from "../kubernetes/secrets/secret.ts";

/** The data of both Secrets, and the authorities for clients. */
export interface KeptCertificates {
  /** ca.crt, the signing authority first, and ca.key. */
  readonly authority: SecretData;
  /** tls.crt, tls.key, and ca.crt for whoever reads it there; never the authority's key. */
  readonly serving: SecretData;
  /** PEM: every authority that is still trusted. */
  readonly bundle: string;
  /** One sentence for each thing that was made anew. */
  readonly reasons: readonly string[];
  /** Whether what is served now can go on being served: then a new certificate has time. */
  readonly servesStill: boolean;
}

/**
 * Keeps of both Secrets what is good, and makes the rest anew. Authorities that either of them names stay trusted as
 * long as they live. Where there is no authority, one is taken over from the serving certificate's Secret, where earlier
 * versions kept it.
 */
export async function keepCertificates(
  authority: SecretData | undefined,
  serving: SecretData | undefined,
  options: RenewOptions,
): Promise<KeptCertificates> {
  const own = authority?.["ca.crt"] === undefined ? serving : authority;
  const authorities = [...readableCertificates(own?.["ca.crt"]), ...readableCertificates(serving?.["ca.crt"])];
  const found: StoredData = {
    "ca.crt": bundleOf(inOrder([...new Set(authorities)], serving?.["tls.crt"])),
    "ca.key": own?.["ca.key"],
    "tls.crt": serving?.["tls.crt"],
    "tls.key": serving?.["tls.key"],
  };
  const stored = authority === undefined && serving === undefined ? undefined : found;
  const { material, reasons } = await renew(stored, options);
  const bundle = bundleOf(material.authorities);
  const now = { certificate: serving?.["tls.crt"], key: serving?.["tls.key"] };
  return {
    authority: { "ca.crt": bundle, "ca.key": material.authority.key },
    serving: { "tls.crt": material.serving.certificate, "tls.key": material.serving.key, "ca.crt": bundle },
    bundle,
    reasons,
    servesStill: servingFault(now, material.authorities, options.hosts, options.now) === undefined,
  };
}

/** The signing one first, then the one that signed what is served: of many, the last ones are let go. */
function inOrder(authorities: readonly string[], served: string | undefined): readonly string[] {
  const [signing, ...others] = authorities;
  if (signing === undefined) return [];
  const issuers = others.filter((authority) => isIssuer(authority, served));
  return [signing, ...issuers, ...others.filter((authority) => !issuers.includes(authority))];
}
