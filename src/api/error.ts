/** Why an object of an API was refused. */
export type ApiErrorCode =
  | "WRONG_KIND" // another apiVersion or kind than the parser reads
  | "WRONG_TYPE" // e.g. a string where a list belongs
  | "MISSING" // a field that must be there is not
  | "UNKNOWN_FIELD" // a field that the API does not have
  | "INVALID" // the right type, but not a right value
  | "TOO_MANY" // more items than the API allows
  | "TOO_LONG"; // more characters than the API allows

/** An object that cannot be read. The message names the field and shows a right value. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  /** Where, as the API server writes it: `spec.features[0]`; empty for the whole object. */
  readonly path: string;

  constructor(code: ApiErrorCode, path: string, message: string, options?: { readonly cause?: unknown }) {
    super(path === "" ? message : `${path}: ${message}`, options);
    this.name = "ApiError";
    this.code = code;
    this.path = path;
  }
}
