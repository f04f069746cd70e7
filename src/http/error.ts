export type HttpErrorCode = "CERTIFICATE_UNUSABLE"; // the serving certificate cannot be loaded

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
