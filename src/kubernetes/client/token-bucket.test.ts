import { expect, test } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { Backoff } from "../../time/backoff.ts";
import { TokenBucket } from "./token-bucket.ts";

test("a burst at once, then the rate, in order", async () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket({ perSecond: 2, burst: 2 }, clock);
  const { signal } = new AbortController();
  const done: number[] = [];
  const takers = [0, 1, 2, 3].map((n) => bucket.take(signal).then(() => done.push(n)));
  await clock.advance(0);
  expect(done).toEqual([0, 1]);
  await clock.advance(499);
  expect(done).toEqual([0, 1]);
  await clock.advance(1);
  expect(done).toEqual([0, 1, 2]);
  await clock.advance(500);
  await Promise.all(takers);
  expect(done).toEqual([0, 1, 2, 3]);
});

test("who gives up returns the token, and no timer stays", async () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, clock);
  expect(bucket.tryTake()).toBe(true);
  const controller = new AbortController();
  const waiting = bucket.take(controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  expect(clock.waits).toEqual([]);
  await clock.advance(1_000);
  expect(bucket.tryTake()).toBe(true);
  expect(bucket.tryTake()).toBe(false);
});

test.each([
  [0, [20, 20, 20, 20, 20, 20]],
  [0.5, [400, 800, 1_600, 3_200, 5_000, 5_000]],
  [0.999999, [800, 1_600, 3_200, 6_400, 10_000, 10_000]],
])("back-off with a draw of %d", (draw, waits) => {
  const backoff = new Backoff({ minMs: 20, baseMs: 800, maxMs: 10_000 }, () => draw);
  expect(waits.map(() => Math.round(backoff.next()))).toEqual(waits);
  backoff.reset();
  expect(Math.round(backoff.next())).toBe(waits[0]);
});
