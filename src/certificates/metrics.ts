import { Gauge, type Registry } from "prom-client";
import type { ServingCertificate } from "./source.ts";

export interface CertificateMetrics {
  /** Called with the certificate that is served from now on. */
  show(certificate: Pick<ServingCertificate, "notAfter">): void;
}

export function createCertificateMetrics(registry: Registry): CertificateMetrics {
  const expiry = new Gauge({
    name: "metahub_certificate_expiry_timestamp_seconds",
    help: "When the serving certificate ends, in seconds since 1970.",
    registers: [registry],
  });
  return { show: ({ notAfter }) => expiry.set(notAfter.getTime() / 1000) };
}
