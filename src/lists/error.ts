/** Why manifest lists could not be used. */
export type ListErrorCode =
  | "OBJECT_INVALID" // a manifest that is no list as the API has it
  | "DUPLICATE"; // one list twice

/** Lists that cannot be used. The message names the place and may be shown to users. */
export class ListError extends Error {
  readonly code: ListErrorCode;

  constructor(code: ListErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ListError";
    this.code = code;
  }
}
