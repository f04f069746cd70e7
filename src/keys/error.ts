export type KeyErrorCode = "KEYS_INVALID"; // a text of keys or path segments that cannot be used

/** A failure with keys. Its message never holds a key, a path segment or a part of one. */
export class KeyError extends Error {
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string) {
    super(message);
    this.name = "KeyError";
    this.code = code;
  }
}
