export type IdentityErrorCode =
  | "OBJECT_INVALID" // an object of a manifest is no MachineCredential
  | "TOO_MANY" // more credentials than are kept
  | "DUPLICATE" // one credential stands twice, or one that is to be made is there
  | "NOT_FOUND" // there is no credential of this name
  | "NOT_ACTIVE" // a credential that expired or was revoked cannot be rotated
  | "UNWRITABLE" // a file cannot be written, or somebody else wrote it meanwhile
  | "KEYS_UNUSABLE"; // the file of signing keys cannot be used, or no key signs

/** A failure with what tells who asks. Its message holds no secret, no hash and no key. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
