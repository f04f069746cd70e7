/** A certificate and key for a TLS server, in PEM; fits node:tls' SecureContextOptions. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
  readonly notAfter: Date;
}

export interface Watching {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called with each certificate that differs from the one before: hand it to `tls.Server.setSecureContext`. */
  readonly install: (certificate: ServingCertificate) => void;
  /** Called with what keeps a certificate from being current; the one in use stays, and it is tried again. */
  readonly report: (problem: Error) => void;
}

/** Gives a serving certificate at the start, and keeps it current afterwards. */
export interface CertificateSource {
  /** The certificate to begin with. @throws CertificateError, or the store's own error */
  obtain(signal: AbortSignal): Promise<ServingCertificate>;
  /** Keeps it current until the signal aborts; never rejects. */
  watch(watching: Watching): Promise<void>;
}
