/** `ABORTED`: the caller's signal ended the wait. `TIMEOUT`: a time limit did. */
export type TimeErrorCode = "ABORTED" | "TIMEOUT";

/** A wait that ended before what it waited for. */
export class TimeError extends Error {
  override readonly name = "TimeError";
  readonly code: TimeErrorCode;

  constructor(code: TimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Tells what the signal's end means to whoever waits: the error of a room that it was ended with, its own time limit
 * (`AbortSignal.timeout`), or an end from outside. `what` says what was under way.
 */
export function endOf(signal: AbortSignal, what: string): Error {
  const reason: unknown = signal.reason;
  // Every room's errors carry a code of text; a DOMException's is a number.
  if (reason instanceof Error && "code" in reason && typeof reason.code === "string") return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    return new TimeError("TIMEOUT", `${what}: the caller's time limit passed`, { cause: reason });
  }
  return new TimeError("ABORTED", `${what}: ended by the caller`, { cause: reason });
}
