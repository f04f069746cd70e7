export type HttpErrorCode =
  | "CERTIFICATE_UNUSABLE" // the serving certificate cannot be loaded
  | "BODY_ENCODED" // the body is compressed
  | "BODY_TOO_LARGE"
  | "BODY_NOT_WHOLE" // its connection ended first
  | "BODIES_TOO_MANY"; // the budget of all bodies under way is spent

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
