/** A command line that cannot be meant: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Runs what reads the value of a flag: an expected error of a room is a mistake of whoever gave it. @throws UsageError */
export function readFlag<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Error) || !isExpected(cause)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}

/** Something of this machine cannot be used as asked: a file, a port. Exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: "FILE_UNREADABLE" | "LISTEN_FAILED";

  constructor(code: CommandError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * One line for people: the message, and the causes that add something to it. No stack: what users did is no defect of
 * the program. Anything that is no expected error of a room is one, and says so with its stack.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  if (!isExpected(error)) return `unexpected failure, please report it: ${error.stack ?? error.message}`;
  const parts = [error.message];
  let cause = error.cause;
  for (let depth = 0; depth < 3 && cause instanceof Error; depth++) {
    const known = parts.join(": ");
    // What the system says (ENOENT, EADDRINUSE) the rooms have put into words already.
    const system = "syscall" in cause || "errno" in cause;
    if (!system && cause.message !== "" && !known.includes(cause.message)) parts.push(cause.message);
    cause = cause.cause;
  }
  return parts.join(": ").replace(/\s*\n\s*/g, " ");
}

/** Errors of the rooms carry a code of their own; programming mistakes are plain TypeErrors and the like. */
function isExpected(error: Error): boolean {
  return error instanceof UsageError || ("code" in error && typeof error.code === "string");
}
