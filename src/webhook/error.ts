export type AdmissionErrorCode =
  | "REVIEW_INVALID" // not an AdmissionReview that can be answered
  | "OBJECT_INVALID" // the object in it does not have the shape of its kind
  | "LISTEN_FAILED" // the address cannot be listened on
  | "CERTIFICATE_UNUSABLE"; // the serving certificate cannot be loaded

export class AdmissionError extends Error {
  override readonly name = "AdmissionError";
  readonly code: AdmissionErrorCode;

  constructor(code: AdmissionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
