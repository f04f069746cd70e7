import { KeyError } from "./error.ts";

/** A line of a Secret: `TIME VALUE`, the time in RFC 3339 with whole seconds. */
export interface TimedLine {
  readonly time: Date;
  readonly value: string;
}

export interface TimedLineRules {
  /** Its first group is the time, its second one the value. */
  readonly line: RegExp;
  /** Ends the message about a line that does not match: `no key: expected a time and 32 bytes`. */
  readonly otherwise: string;
  /** Lines that are read at most. */
  readonly most: number;
  /** Names the lines in a message: `keys`. */
  readonly plural: string;
}

/** Reads lines; empty ones count for nothing. @throws KeyError that names the line, and repeats nothing of it */
export function parseTimedLines(text: string, { line, otherwise, most, plural }: TimedLineRules): readonly TimedLine[] {
  const lines = text.split(/\r?\n/).flatMap((given, index): TimedLine[] => {
    if (given.trim() === "") return [];
    const [, written = "", value = ""] = line.exec(given.trim()) ?? [];
    const time = new Date(written);
    if (Number.isNaN(time.getTime())) throw new KeyError("KEYS_INVALID", `line ${index + 1} is ${otherwise}`);
    return [{ time, value }];
  });
  if (lines.length > most) throw new KeyError("KEYS_INVALID", `more than ${most} ${plural}`);
  return lines;
}

export function formatTimedLines(lines: readonly TimedLine[]): string {
  return lines.map(({ time, value }) => `${time.toISOString().slice(0, 19)}Z ${value}\n`).join("");
}

/** A time as it is written: in whole seconds. */
export function inSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1_000) * 1_000);
}
