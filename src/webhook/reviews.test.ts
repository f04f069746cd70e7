import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { type AdmissionRequest, allowed } from "./review.ts";
import { Reviews } from "./reviews.ts";
import type { ReviewHandler } from "./route.ts";

const review: AdmissionRequest = {
  uid: "u",
  operation: "CREATE",
  resource: { group: "", version: "v1", resource: "pods" },
  namespace: "default",
  name: "p",
  dryRun: false,
  object: {},
  oldObject: undefined,
};
let clock: ManualClock;
let reviews: Reviews;
beforeEach(() => {
  clock = new ManualClock();
  reviews = new Reviews({ log: pino({ level: "silent" }), concurrency: 2, clock });
});

/** Answers as soon as its signal aborts, and says after how long that was and why. */
const dutiful: ReviewHandler = {
  handle: ({ uid }, signal) => {
    const began = clock.now();
    return new Promise((resolve) => {
      const answer = () => resolve(allowed(uid, [`${clock.now() - began} ms: ${signal.reason.code}`]));
      signal.addEventListener("abort", answer);
    });
  },
};
const deaf: ReviewHandler = { handle: () => new Promise(() => undefined) };

test.each<[string, number | undefined, string, number]>([
  ["the route's limit is shorter", 4_000, "10s", 4_000],
  ["the API server's timeout is shorter", 4_000, "2s", 1_750],
  ["the route has no limit", undefined, "10s", 9_000],
])("the handler's time is over when %s", async (_name, limitMs, timeout, workMs) => {
  const route = { handler: dutiful, ...(limitMs === undefined ? {} : { limitMs }) };
  const answer = reviews.answer(route, review, timeout);
  await clock.advance(workMs - 1);
  expect(clock.waits).toHaveLength(2);
  await clock.advance(1);
  const [outcome, { response }] = await answer;
  expect([outcome, response.warnings]).toEqual(["unchanged", [`${workMs} ms: TIMEOUT`]]);
  expect(clock.waits).toEqual([]);
});

test("a handler that hears no signal is waited for as long as the API server waits, and no longer", async () => {
  const answer = reviews.answer({ handler: deaf, limitMs: 4_000 }, review, "10s");
  await clock.advance(9_049);
  expect(clock.waits).toHaveLength(1);
  await clock.advance(1);
  const [outcome, { response }] = await answer;
  expect([outcome, response.allowed, response.warnings]).toEqual([
    "failed",
    true,
    ["metahub: the time for this review ran out; images are left as written"],
  ]);
  expect(clock.waits).toEqual([]);
});

test("a handler that throws before it waits admits the object like any that fails", async () => {
  const handler: ReviewHandler = {
    handle: () => {
      throw new Error("broken");
    },
  };
  for (let round = 0; round < 3; round++) {
    expect((await reviews.answer({ handler }, review, undefined))[0]).toBe("failed");
  }
  expect(clock.waits).toEqual([]);
});
