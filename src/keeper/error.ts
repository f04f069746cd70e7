export type KeeperErrorCode =
  | "CONFIGURATION_UNWRITTEN" // a webhook configuration did not take what it is to say
  | "INCOMPLETE"; // several parts could not be kept

/** A failure of the keeper. Its message never holds a key or a path segment. */
export class KeeperError extends Error {
  readonly code: KeeperErrorCode;

  constructor(code: KeeperErrorCode, message: string) {
    super(message);
    this.name = "KeeperError";
    this.code = code;
  }
}
