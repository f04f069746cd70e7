export type InventoryErrorCode =
  | "OBJECT_INVALID" // an object of a manifest is not what its kind says
  | "DUPLICATE" // one object stands twice
  | "UNREADABLE"; // a folder can no longer be followed

/** Manifests from which no inventory can be made. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly code: InventoryErrorCode;

  constructor(code: InventoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
