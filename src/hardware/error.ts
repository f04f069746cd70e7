/** The faults of something that this room is asked to read. */
export type HardwareErrorCode =
  | "FEATURE_INVALID" // a text that is no feature
  | "FEATURE_SEVERAL" // one feature was asked for, the text means several
  | "FEATURE_LIST_TOO_LONG" // more features, or more text, than a list may hold
  | "PLATFORM_INVALID" // a platform field that no platform has
  | "CPU_GRAPH_INVALID"; // data from which no CPU graph can be built

/** Thrown by this room. The message is one line, safe to show: what was read is cut short and escaped. */
export class HardwareError extends Error {
  readonly code: HardwareErrorCode;

  constructor(code: HardwareErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HardwareError";
    this.code = code;
  }
}

/** How much of a text that is refused is shown. */
const shownCharacters = 48;

/** A text from outside, quoted, cut short, with everything but printable ASCII escaped: for messages. */
export function quote(text: string): string {
  const shown = text
    .slice(0, shownCharacters)
    .replace(/[^\x20-\x7e]|["\\]/g, (character) =>
      character === '"' || character === "\\"
        ? `\\${character}`
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return text.length > shownCharacters ? `"${shown}…" (${text.length} characters)` : `"${shown}"`;
}
