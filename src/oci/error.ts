/** The fault. Stable: callers and tests depend on these, not on the words of a message. */
export type OciErrorCode =
  | "REFERENCE_EMPTY"
  | "REFERENCE_TOO_LONG"
  | "REFERENCE_UPPERCASE"
  | "REFERENCE_INVALID"
  | "DIGEST_INVALID"
  | "DIGEST_UNSUPPORTED"
  | "DIGEST_MISMATCH"
  | "SIZE_MISMATCH"
  | "TOO_LARGE"
  | "NOT_UTF8"
  | "JSON_SYNTAX"
  | "JSON_DEPTH"
  | "JSON_DUPLICATE_KEY"
  | "WRONG_TYPE"
  | "WRONG_VALUE"
  | "MISSING_FIELD"
  | "NOT_AN_INDEX"
  | "TOO_MANY_ENTRIES"
  | "TOO_MANY_FEATURES"
  | "NESTED_TOO_DEEP"
  | "NESTED_CYCLE"
  | "TOO_MANY_NESTED"
  | "YAML_SYNTAX"
  | "FEATURE_INVALID";

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
