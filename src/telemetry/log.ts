import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

/** Takes log lines: `log.info({field: 1}, "message")`. Must not be handed a secret, a credential or a response body. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error">;

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** JSON lines with an RFC 3339 time and a level in words, to standard error unless told otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "message",
      errorKey: "error",
      serializers: { error: describeError },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** An error's code and message with those of its causes (at most four deep), and no stack: a log is for operators. */
function describeError(error: unknown): unknown {
  const lines: string[] = [];
  let current = error;
  for (let depth = 0; depth < 4 && current instanceof Error; depth++) {
    const code = "code" in current && typeof current.code === "string" ? `${current.code}: ` : "";
    lines.push(`${code}${current.message}`.slice(0, 512));
    current = current.cause;
  }
  return lines.length === 0 ? String(error).slice(0, 512) : lines.join("; caused by ");
}
