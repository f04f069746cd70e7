import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { onAbort } from "./on-abort.ts";

test("one listener stands on the signal, and everybody is called once, in order", () => {
  const ended = new AbortController();
  const called: number[] = [];
  const same = (): void => void called.push(9);
  for (let one = 0; one < 3; one += 1) onAbort(ended.signal, () => called.push(one));
  onAbort(ended.signal, same);
  onAbort(ended.signal, same);
  expect(getEventListeners(ended.signal, "abort")).toHaveLength(1);
  ended.abort();
  ended.abort();
  expect(called).toEqual([0, 1, 2, 9, 9]);
});

test("what is taken back is not called, also by one that is called before it", () => {
  const ended = new AbortController();
  const called: string[] = [];
  const takeBack = onAbort(ended.signal, () => called.push("never"));
  onAbort(ended.signal, () => {
    called.push("first");
    late();
  });
  const late = onAbort(ended.signal, () => called.push("late"));
  takeBack();
  ended.abort();
  expect(called).toEqual(["first"]);
});

test("no listener is left once all took it back", () => {
  const { signal } = new AbortController();
  const takeBacks = [1, 2].map(() => onAbort(signal, () => undefined));
  for (const takeBack of takeBacks) takeBack();
  for (const takeBack of takeBacks) takeBack();
  expect(getEventListeners(signal, "abort")).toEqual([]);
  onAbort(signal, () => undefined);
  takeBacks[0]?.();
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
});

test("a signal that has aborted calls nobody", () => {
  let called = false;
  onAbort(AbortSignal.abort(), () => {
    called = true;
  })();
  expect(called).toBe(false);
});
