export type InventoryErrorCode =
  | "UNREADABLE" // a file or folder cannot be read
  | "YAML_INVALID" // a file is not YAML
  | "OBJECT_INVALID" // an object in it is not what its kind says
  | "TOO_MUCH" // more files, bytes or documents than the bound
  | "DUPLICATE"; // one object stands twice

export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly code: InventoryErrorCode;

  constructor(code: InventoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
