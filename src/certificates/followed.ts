import type { FollowedSecret } from "../kubernetes/secrets/follow.ts";
import type { SecretData } from "../kubernetes/secrets/secret.ts";
import { aborted } from "../time/aborted.ts";
import { unlessAborted } from "../time/clock.ts";
import { CertificateError } from "./error.ts";
import { isPair, lifeOf } from "./material.ts";
import type { CertificateSource, ServingCertificate, Watching } from "./source.ts";

/** A certificate that somebody else keeps in a Secret of type kubernetes.io/tls: our keeper, cert-manager, a person. */
export class FollowedCertificate implements CertificateSource {
  readonly #secret: Pick<FollowedSecret, "place" | "read">;
  #current: ServingCertificate | undefined;

  constructor(secret: Pick<FollowedSecret, "place" | "read">) {
    this.#secret = secret;
  }

  /** Waits until the Secret holds one. */
  async obtain(signal: AbortSignal): Promise<ServingCertificate> {
    const first = Promise.withResolvers<ServingCertificate>();
    const end = this.#secret.read((data) => {
      const certificate = this.#certificateOf(data);
      if (!(certificate instanceof Error)) first.resolve(certificate);
    });
    try {
      this.#current = await unlessAborted(first.promise, signal, `waiting for ${this.#secret.place}`);
      return this.#current;
    } finally {
      end();
    }
  }

  async watch({ signal, install, report }: Watching): Promise<void> {
    const end = this.#secret.read((data) => {
      const certificate = this.#certificateOf(data);
      if (certificate instanceof Error) {
        report(certificate);
        return;
      }
      if (certificate.cert === this.#current?.cert) return;
      this.#current = certificate;
      try {
        install(certificate);
      } catch (error) {
        report(error instanceof Error ? error : new CertificateError("MATERIAL_INVALID", String(error)));
      }
    });
    await aborted(signal);
    end();
  }

  #certificateOf(data: SecretData): ServingCertificate | CertificateError {
    const { "tls.crt": cert, "tls.key": key } = data;
    if (cert !== undefined && key !== undefined && isPair({ certificate: cert, key })) {
      return { cert, key, notAfter: lifeOf(cert).notAfter };
    }
    const what = "a PEM certificate and its private key in tls.crt and tls.key";
    return new CertificateError("MATERIAL_INVALID", `${this.#secret.place} does not hold ${what}`);
  }
}
