import { InvalidArgumentError } from "commander";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const yearMs = 366 * 86_400_000;

/** Reads `90d`, `12h`, `30m` or `2w` into milliseconds, for `argParser`; ten years at most. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,7})([mhdw])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  if (count === "" || ms > 10 * yearMs) {
    throw new InvalidArgumentError("a time such as 90d, 12h, 30m or 2w was expected, ten years at most");
  }
  return ms;
}
