import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HopClock } from "./clock.ts";
import { RegistryError } from "./error.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const error = (name: string) => (): RegistryError => new RegistryError("TIMEOUT", name);

test.each([
  ["a later limit", 10, 10, 15],
  ["an earlier limit", 100, 10, 15],
  ["a much later limit", 10, 1_000, 1_005],
])("%s counts in place of the one before it, and for itself", (_name, first, second, overAt) => {
  const clock = new HopClock(new AbortController().signal);
  clock.limit(first, error("first"));
  vi.advanceTimersByTime(5);
  clock.limit(second, error("second"));
  vi.advanceTimersByTime(overAt - 5 - 1);
  expect(clock.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(clock.signal.reason).toMatchObject({ message: "second" });
});

test("limits that are set again and again set few timers, one at a time, and leave none", () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const clock = new HopClock(new AbortController().signal);
  for (let piece = 0; piece < 100; piece++) {
    clock.limit(30_000, error("the host"));
    clock.limit(300_000, error("the reader"));
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(1);
  }
  clock.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(set.mock.calls.length).toBeLessThan(10);
});
