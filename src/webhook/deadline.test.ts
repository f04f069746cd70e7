import { expect, test } from "vitest";
import { timeForReview } from "./deadline.ts";

test.each([
  ["5s", undefined, 4500],
  ["10s", undefined, 9000],
  ["1s", undefined, 750],
  ["30s", 4000, 4000],
  ["1m30s", undefined, 27_000],
  ["500ms", undefined, 250],
  ["200ms", undefined, 100],
  ["2.5s", undefined, 2250],
  [undefined, undefined, 4500],
  ["soon", undefined, 4500],
  ["-5s", undefined, 4500],
  [["5s", "6s"], undefined, 4500],
  ["1".repeat(100), undefined, 4500],
])("timeout %j with a limit of %j leaves %d ms", (sent, configured, expected) => {
  expect(timeForReview(sent, configured)).toBe(expected);
});
