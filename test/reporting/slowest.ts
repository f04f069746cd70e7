import type { Timed } from "./outcome.ts";

/** Enough to see what a run waits for, few enough for one screen. */
const shown = 20;

/** The slowest tests, one a line, with their seconds. */
export function slowestTests(timed: readonly Timed[], count = shown): readonly string[] {
  const slowest = timed.toSorted((one, other) => other.milliseconds - one.milliseconds).slice(0, count);
  if (slowest.length === 0) return [];
  const rows = slowest.map(
    ({ name, file, milliseconds }) => `${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${file} > ${name}`,
  );
  return [`Slowest ${slowest.length === 1 ? "test" : `${slowest.length} tests`}:`, ...rows];
}
