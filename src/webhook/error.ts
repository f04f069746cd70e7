export type AdmissionErrorCode =
  | "REVIEW_INVALID" // not an AdmissionReview that can be answered
  | "REVIEW_TOO_LARGE"; // more is in it than is parsed

export interface AdmissionErrorOptions extends ErrorOptions {
  /** The review's: with it an answer can be given. */
  readonly uid?: string | undefined;
}

export class AdmissionError extends Error {
  override readonly name = "AdmissionError";
  readonly code: AdmissionErrorCode;
  readonly uid: string | undefined;

  constructor(code: AdmissionErrorCode, message: string, options?: AdmissionErrorOptions) {
    super(message, options);
    this.code = code;
    this.uid = options?.uid;
  }
}
