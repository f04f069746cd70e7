export type CredentialsErrorCode =
  | "ABORTED"
  | "CONFIG_INVALID"
  | "CONFIG_TOO_LARGE"
  | "CONFIG_UNREADABLE"
  | "HELPER_FAILED"
  | "HELPER_MISSING"
  | "HELPER_TIMEOUT";

/** Every failure to read credentials. The message names the file or helper, and never holds what it contained. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  readonly code: CredentialsErrorCode;

  constructor(code: CredentialsErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
