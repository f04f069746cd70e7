export type CertificateErrorCode =
  | "HOST_INVALID" // no name or address that a certificate can be made for
  | "MATERIAL_INVALID" // what is stored cannot be used
  | "CONTENDED" // others wrote again and again while we did
  | "FILES_UNREADABLE" // certificate files are missing, unreadable, or do not belong together
  | "STORE_FAILED"; // the place where certificates are kept did not take or give them

/** A failure with certificates. Its message never holds a key or a part of one. */
export class CertificateError extends Error {
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "CertificateError";
    this.code = code;
  }
}
