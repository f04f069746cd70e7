import { afterEach, expect, test, vi } from "vitest";
import { createProgress, formatElapsed } from "./progress.ts";

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [0, "0.0s"],
  [400, "0.4s"],
  [9_949, "9.9s"],
  [12_400, "12s"],
  [59_499, "59s"],
  [59_600, "1m00s"],
  [185_000, "3m05s"],
])("%d ms is %s", (milliseconds, expected) => {
  expect(formatElapsed(milliseconds)).toBe(expected);
});

test("a long step says that it still runs, and how long it has", async () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const progress = createProgress((line) => lines.push(line));
  let finish = (_: string): void => undefined;
  const going = progress.during("building", () => new Promise<string>((resolve) => (finish = resolve)));
  vi.advanceTimersByTime(31_000);
  finish("done");
  expect(await going).toBe("done");
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual(["[0.0s] building", "[15s] building: 15s so far", "[30s] building: 30s so far"]);
});
