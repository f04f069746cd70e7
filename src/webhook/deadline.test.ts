import { expect, test } from "vitest";
import { timeForReview } from "./deadline.ts";

test.each([
  ["5s", undefined, 4500, 4550],
  ["10s", undefined, 9000, 9050],
  ["1s", undefined, 750, 800],
  ["30s", 4000, 4000, 27_050],
  ["5s", 4000, 4000, 4550],
  ["2s", 4000, 1750, 1800],
  ["1m30s", undefined, 27_000, 27_050],
  ["1m30s", 60_000, 27_000, 27_050],
  ["500ms", undefined, 250, 300],
  ["200ms", undefined, 100, 150],
  ["5s", 0, 100, 4550],
  ["2.5s", undefined, 2250, 2300],
  [undefined, undefined, 4500, 4550],
  [undefined, 4000, 4000, 4550],
  ["soon", undefined, 4500, 4550],
  ["-5s", undefined, 4500, 4550],
  [["5s", "6s"], undefined, 4500, 4550],
  ["1".repeat(100), undefined, 4500, 4550],
])(
  "timeout %j on a route with a limit of %j leaves %d ms for the work and %d ms for the answer",
  (sent, limit, workMs, answerMs) => {
    expect(timeForReview(sent, limit)).toEqual({ workMs, answerMs });
  },
);
