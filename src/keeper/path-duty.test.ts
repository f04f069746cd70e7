import { pino } from "pino";
import { expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import type { PathSegments } from "../keys/path-segments.ts";
import { type ConfigurationName, Configurations } from "./configurations.ts";
import type { KeeperMetrics } from "./metrics.ts";
import { PathDuty } from "./path-duty.ts";
import { Writes } from "./writes.ts";

const [newest, older] = ["5f".repeat(32), "a0".repeat(32)];
const name: ConfigurationName = { kind: "MutatingWebhookConfiguration", name: "metahub-webhook" };
const formerName: ConfigurationName = { ...name, name: "metahub" };
const hourMs = 3_600_000;

/** A keeper of paths over one configuration, which calls `path`, and replicas of which so many do not know the newest, or none at all. */
function start(path: string | undefined, unaware: number, oneAtAll = false) {
  const clock = new ManualClock();
  const done: string[] = [];
  const client = { service: { name: "s", ...(path === undefined ? {} : { path }) } };
  const object = {
    metadata: { name: name.name, uid: "u" },
    webhooks: [{ name: "pods.metahub.dev", clientConfig: client }],
  };
  const configurations = new Configurations({
    get: async () => object,
    patch: async (_target: unknown, patch: { readonly operations: readonly { readonly value?: unknown }[] }) => {
      done.push(String(patch.operations.at(-1)?.value));
      return object;
    },
    delete: async () => void done.push("removed"),
  } as never);
  const metrics: KeeperMetrics = {
    looked: () => undefined,
    wrote: () => undefined,
    open: () => undefined,
    waitsFor: (count) => void done.push(`waits for ${count}`),
  };
  const duty = new PathDuty({
    configurations,
    metrics,
    writes: new Writes(metrics),
    log: pino({ level: "silent" }),
    clock,
    pathLifeMs: 24 * hourMs,
    replicas: {
      unaware: async (segment) =>
        segment === newest || oneAtAll ? Array.from({ length: unaware }, () => "10.0.0.1: it answers 404") : [],
    },
  });
  const since = clock.wall();
  const segments: PathSegments = [newest, older].map((segment) => ({ segment, since }));
  const look = (more: PathSegments = [], former: object | undefined = undefined) =>
    duty.look(
      { current: [{ named: name, object }], former: [{ named: formerName, object: former as never }] },
      [...segments, ...more],
      new AbortController().signal,
    );
  return { clock, done, look };
}

test("every replica knows the newest path: the API server is told of it", async () => {
  const { done, look } = start(`/${older}/mutate/pods`, 0);
  expect(await look()).toBe(Number.POSITIVE_INFINITY);
  expect(done).toEqual(["waits for 0", `/${newest}/mutate/pods`]);
});

test("a replica does not know it: the older one stays, and it is soon looked again", async () => {
  const { done, look } = start(`/${older}/mutate/pods`, 1);
  expect(await look()).toBeLessThan(10_000);
  expect(done).toEqual(["waits for 1"]);
});

test.each([undefined, "/mutate/pods", `/${"0".repeat(64)}/mutate/pods`])(
  "the path %s leads nowhere, and a replica does not know the newest: the older one is told",
  async (path) => {
    const { done, look } = start(path, 1);
    await look();
    expect(done).toEqual(["waits for 1", `/${older}/mutate/pods`]);
  },
);

test("the path leads nowhere, and a replica knows neither of the two: none is told", async () => {
  const { done, look } = start(undefined, 1, true);
  await look();
  expect(done).toEqual(["waits for 1"]);
});

test("the newest is there: nobody is asked", async () => {
  const { done, look } = start(`/${newest}/mutate/pods`, 1);
  expect(await look()).toBe(Number.POSITIVE_INFINITY);
  expect(done).toEqual(["waits for 0"]);
});

test("configurations of an earlier version are removed when the life of a path is over, not before", async () => {
  const { clock, done, look } = start(`/${newest}/mutate/pods`, 0);
  const bare = { segment: "", since: clock.wall() };
  const former = { metadata: { name: "metahub", uid: "u" } };
  await clock.advance(24 * hourMs - 1);
  await look([bare], former);
  expect(done).not.toContain("removed");
  await clock.advance(1);
  await look([bare], former);
  expect(done).toContain("removed");
});
