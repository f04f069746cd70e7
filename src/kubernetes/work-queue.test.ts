import { expect, test } from "vitest";
import { ManualClock, settle } from "../../test/support/manual-clock.ts";
import { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

interface Job {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly done: () => void;
  readonly fail: () => void;
}

/** A queue whose handler waits until the test ends each job. */
function held(more: Partial<WorkQueueOptions<string>> = {}) {
  const clock = new ManualClock();
  const jobs: Job[] = [];
  const seen: string[] = [];
  const queue = new WorkQueue<string>({
    clock,
    random: () => 0.999999,
    observe: (event) =>
      seen.push(
        event.type === "failed" ? `failed ${event.key} ${Math.round(event.retryInMs)}` : `${event.type} ${event.key}`,
      ),
    handle: (key, signal) =>
      new Promise((resolve, reject) => {
        jobs.push({ key, signal, done: () => resolve(undefined), fail: () => reject(new Error(key)) });
      }),
    ...more,
  });
  const next = async (): Promise<Job> => {
    await settle();
    const job = jobs.shift();
    if (job === undefined) throw new Error("no job");
    return job;
  };
  return { clock, jobs, seen, queue, next };
}

test("a key waits once, is handled by one worker at a time, and comes again when it was added meanwhile", async () => {
  const { queue, jobs, next } = held({ workers: 3 });
  for (const key of ["a", "a", "b", "a"]) queue.add(key);
  await settle();
  expect(jobs.map(({ key }) => key)).toEqual(["a", "b"]);
  const a = await next();
  queue.add("a");
  queue.add("a");
  await settle();
  expect([queue.length, queue.running, jobs.length]).toEqual([0, 2, 1]);
  a.done();
  await settle();
  expect(jobs.map(({ key }) => key)).toEqual(["b", "a"]);
  for (const job of jobs) job.done();
  await queue.idle();
  expect([queue.length, queue.running, queue.delayed]).toEqual([0, 0, 0]);
});

test("no more than the workers run; the rest waits in order", async () => {
  const { queue, jobs, next } = held({ workers: 2 });
  for (const key of ["a", "b", "c", "d"]) queue.add(key);
  await settle();
  expect([jobs.map(({ key }) => key), queue.length]).toEqual([["a", "b"], 2]);
  (await next()).done();
  await settle();
  expect(jobs.map(({ key }) => key)).toEqual(["b", "c"]);
});

test("failures come again after a growing wait; success forgets them", async () => {
  const { clock, queue, seen, next, jobs } = held({ backoff: { minMs: 1, baseMs: 100, maxMs: 350 } });
  queue.add("a");
  for (const wait of [100, 200, 350, 350]) {
    (await next()).fail();
    await settle();
    expect(seen.at(-1)).toBe(`failed a ${wait}`);
    await clock.advance(wait - 1);
    expect(jobs).toEqual([]);
    await clock.advance(1);
  }
  (await next()).done();
  await settle();
  queue.add("a");
  (await next()).fail();
  await settle();
  expect(seen.at(-1)).toBe("failed a 100");
  queue.forget("a");
  expect(clock.waits).toEqual([]);
});

test("a key added before its retry is due is not handled twice", async () => {
  const { clock, queue, next, jobs } = held();
  queue.add("a");
  (await next()).fail();
  await settle();
  queue.add("a");
  (await next()).done();
  await clock.advance(600_000);
  expect(jobs).toEqual([]);
});

test("all retries together are limited", async () => {
  const { queue, seen, next } = held({ retryLimit: { perSecond: 1, burst: 1 }, workers: 9 });
  for (const key of ["a", "b", "c"]) queue.add(key);
  for (let n = 0; n < 3; n++) (await next()).fail();
  await settle();
  expect(seen).toEqual(["failed a 50", "failed b 1000", "failed c 2000"]);
  await queue.close();
});

test("addAfter: the earliest counts, and what the handler asks for", async () => {
  const { clock, queue, jobs, next } = held();
  queue.addAfter("a", 1_000);
  queue.addAfter("a", 2_000);
  queue.addAfter("a", 500);
  expect(clock.waits).toEqual([500]);
  await clock.advance(500);
  (await next()).done();
  await clock.advance(5_000);
  expect(jobs).toEqual([]);

  let calls = 0;
  const requeueing = new WorkQueue({ clock, handle: async () => (++calls < 3 ? { requeueAfterMs: 100 } : undefined) });
  requeueing.add("x");
  await settle();
  await clock.advance(100);
  await clock.advance(100);
  await clock.advance(10_000);
  expect(calls).toBe(3);
});

test("more keys than the bound are not taken, and told", async () => {
  const { queue, seen } = held({ maxKeys: 2 });
  expect(["a", "b", "c", "b"].map((key) => queue.add(key))).toEqual([true, true, false, true]);
  expect(queue.addAfter("d", 5)).toBe(false);
  expect(seen).toEqual(["dropped c", "dropped d"]);
});

test("close: what runs ends, what waits is dropped, no timer stays", async () => {
  const { clock, queue, next, jobs } = held();
  for (const key of ["a", "b"]) queue.add(key);
  queue.addAfter("c", 1_000);
  const job = await next();
  const closing = queue.close(10_000);
  expect([queue.add("d"), queue.addAfter("d", 5)]).toEqual([false, false]);
  await clock.advance(9_999);
  expect(job.signal.aborted).toBe(false);
  job.done();
  expect(await closing).toBe(0);
  expect([jobs, clock.waits]).toEqual([[], []]);
});

test("close: a handler that does not end is told, then left behind", async () => {
  const { clock, queue, next } = held();
  queue.add("a");
  const job = await next();
  const closing = queue.close(10_000);
  await clock.advance(10_000);
  expect(job.signal.aborted).toBe(true);
  await clock.advance(1_000);
  expect(await closing).toBe(1);
  expect(clock.waits).toEqual([]);
});
