export type ManifestErrorCode =
  | "UNREADABLE" // a file or folder cannot be read
  | "YAML_INVALID" // a text is not YAML
  | "OBJECT_INVALID" // an object in it is not what its kind says
  | "TOO_MUCH"; // more files, bytes or objects than the bound

/** Manifests that cannot be read. The message is one line and begins with the place. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly code: ManifestErrorCode;

  constructor(code: ManifestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
