/** The fault. Stable: callers and tests depend on these, not on the words of a message. */
export type OciErrorCode =
  | "reference-empty"
  | "reference-too-long"
  | "reference-uppercase"
  | "reference-invalid"
  | "digest-invalid"
  | "digest-unsupported"
  | "digest-mismatch"
  | "size-mismatch"
  | "too-large"
  | "not-utf8"
  | "json-syntax"
  | "json-depth"
  | "json-duplicate-key"
  | "wrong-type"
  | "wrong-value"
  | "missing-field"
  | "not-an-index"
  | "too-many-entries"
  | "too-many-features"
  | "nested-too-deep"
  | "nested-cycle"
  | "too-many-nested"
  | "yaml-syntax"
  | "feature-invalid";

/**
 * Any failure of this room. `place` is where in the document it is, e.g. `manifests[3].platform.architecture`;
 * absent where the whole text is meant.
 */
export class OciError extends Error {
  override readonly name = "OciError";
  readonly code: OciErrorCode;
  readonly place: string | undefined;

  constructor(code: OciErrorCode, message: string, options: { place?: string; cause?: unknown } = {}) {
    super(
      options.place === undefined ? message : `${options.place}: ${message}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.place = options.place;
  }
}
