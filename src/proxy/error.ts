export type ProxyErrorCode =
  | "CLIENT_GONE" // whoever asked has closed the connection
  | "CLIENT_SLOW" // whoever asked takes nothing of the answer, or too little
  | "CONFIG_INVALID" // a ProxyConfig that cannot be used
  | "RECORD_UNUSABLE"; // the record of answers cannot be written

/** A failure of the registry itself, not of an answer. Its message is one line and holds no secret. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ProxyErrorCode;

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
