export type SignInErrorCode =
  | "USERS_FILE" // the users file cannot be read
  | "REFUSED" // who signs in is not known, or what they hold does not count
  | "PROVIDER"; // the OpenID provider does not answer as it should

/** No sign-in. The message holds no password and no token. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: SignInErrorCode;

  constructor(code: SignInErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
