import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test.each([
  ["90d", 90 * 86_400_000],
  ["12h", 43_200_000],
  ["30m", 1_800_000],
  ["2w", 14 * 86_400_000],
  ["0d", 0],
])("%s", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "90", "d", "1.5h", "-1d", "90 d", "90D", "11y", "999999d", "0x10d"])("%j is refused", (text) => {
  expect(() => parseDuration(text)).toThrow(InvalidArgumentError);
});
