import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, status } from "../../../test/support/api-server/fake.ts";
import { ManualClock, settle } from "../../../test/support/manual-clock.ts";
import { KubernetesClient } from "../client/client.ts";
import type { EventFacts } from "./event.ts";
import { type EventOutcome, EventRecorder, type EventRecorderOptions } from "./recorder.ts";

const path = "/apis/events.k8s.io/v1/namespaces/ns/events";
const open = new AbortController().signal;

let server: FakeApiServer;
let clock: ManualClock;
let client: KubernetesClient;
let outcomes: EventOutcome[];
beforeEach(async () => {
  server = await FakeApiServer.start();
  clock = new ManualClock();
  client = new KubernetesClient({ access: server.access(), userAgent: "t", clock, random: () => 0 });
  outcomes = [];
});
afterEach(async () => {
  await client.close();
  await server.stop();
  expect(clock.waits).toEqual([]);
});

function facts(name: string, more: Partial<EventFacts> = {}): EventFacts {
  const regarding = { apiVersion: "v1", kind: "Pod", name, namespace: "ns", uid: `uid-${name}` };
  return { regarding, type: "Normal", reason: "Rewritten", action: "Rewrite", note: "why", ...more };
}

function recorder(more: Partial<EventRecorderOptions> = {}): EventRecorder {
  const observe = (outcome: EventOutcome): void => {
    outcomes.push(outcome);
  };
  return new EventRecorder({
    client,
    controller: "metahub.dev/test",
    instance: "pod-1",
    clock,
    random: () => 0,
    observe,
    ...more,
  });
}

const stored = () => server.store.list(path);

describe("EventRecorder", () => {
  test("an Event has all that events.k8s.io/v1 asks for", async () => {
    const events = recorder();
    events.record(facts("a"));
    await events.close(open);
    expect(stored()).toMatchObject([
      {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/), namespace: "ns" },
        eventTime: "2026-01-01T00:00:00.000000Z",
        reportingController: "metahub.dev/test",
        reportingInstance: "pod-1",
        regarding: { kind: "Pod", name: "a", uid: "uid-a" },
        type: "Normal",
        reason: "Rewritten",
        action: "Rewrite",
        note: "why",
      },
    ]);
    expect(outcomes).toMatchObject([{ type: "sent", count: 1 }]);
  });

  test("the same again becomes a series, written with a delay; other notes are other Events", async () => {
    const events = recorder();
    for (let n = 0; n < 5; n++) events.record(facts("a"));
    events.record(facts("a", { note: "other" }));
    await server.until(() => stored().length === 2);
    expect(stored().map((event) => event["series"])).toContainEqual({ count: 5, lastObservedTime: expect.anything() });
    for (let n = 0; n < 3; n++) events.record(facts("a"));
    await settle();
    const requests = server.requests.length;
    await clock.advance(29_999);
    expect(server.requests).toHaveLength(requests);
    await clock.advance(1);
    await server.until(() => stored().some((event) => JSON.stringify(event["series"])?.includes('"count":8')));
    events.record(facts("a"));
    await events.close(open);
    expect(stored().map((event) => event["series"])).toContainEqual({ count: 9, lastObservedTime: expect.anything() });
    expect(stored()).toHaveLength(2);
  });

  test("cluster-scoped objects have their Events in default", async () => {
    const events = recorder();
    events.record(facts("n", { regarding: { apiVersion: "v1", kind: "Node", name: "n" } }));
    await events.close(open);
    expect(server.store.list("/apis/events.k8s.io/v1/namespaces/default/events")).toHaveLength(1);
  });

  test("an Event that is gone is made anew", async () => {
    const events = recorder();
    events.record(facts("a"));
    await server.until(() => stored().length === 1);
    server.store.delete(path, stored()[0]?.metadata.name ?? "");
    events.record(facts("a"));
    const closing = events.close(open);
    await clock.timer((ms) => ms === 100);
    await clock.advance(100);
    await closing;
    expect(stored()).toMatchObject([{ series: { count: 2 } }]);
  });
});

describe("what is dropped is counted, and nothing is thrown", () => {
  test("too many of one object, too many at once, after the end", async () => {
    const events = recorder({ perObject: { perSecond: 1, burst: 2 }, maxQueue: 3 });
    for (let n = 0; n < 4; n++) events.record(facts("a", { note: `${n}` }));
    for (let n = 0; n < 3; n++) events.record(facts(`b${n}`));
    await events.close(open);
    events.record(facts("c"));
    const why = outcomes.flatMap((outcome) => (outcome.type === "dropped" ? [outcome.why] : []));
    expect(why).toEqual(["busy", "busy", "full", "full", "closed"]);
    expect(events.dropped).toBe(5);
    expect(stored()).toHaveLength(3);
  });

  test("a refusal is not tried again; an outage is, a few times", async () => {
    const events = recorder();
    server.once((_, response) => status(response, 403, "Forbidden", "being terminated"));
    events.record(facts("a"));
    await server.until(() => outcomes.length === 1 || server.requests.length > 0);
    server.always((_, response) => status(response, 500, "InternalError", "x"));
    events.record(facts("b"));
    const closing = events.close(open);
    for (let n = 0; n < 3; n++) {
      await clock.timer((ms) => ms === 100);
      await clock.advance(100);
    }
    await closing;
    expect(outcomes).toMatchObject([
      { type: "dropped", why: "failed", error: { code: "FORBIDDEN" } },
      { type: "dropped", why: "failed", error: { code: "SERVER_ERROR" } },
    ]);
    expect(server.requests).toHaveLength(5);
  });

  test("close waits no longer than its signal", async () => {
    const events = recorder({ rateLimit: { perSecond: 0.001, burst: 1 } });
    for (const name of ["a", "b", "c"]) events.record(facts(name));
    await clock.timer((ms) => ms === 1_000_000);
    const ending = new AbortController();
    const closing = events.close(ending.signal);
    ending.abort();
    await closing;
    expect(outcomes.map((outcome) => (outcome.type === "dropped" ? outcome.why : outcome.type))).toEqual([
      "sent",
      "closed",
      "closed",
    ]);
  });

  test("an observer that throws", async () => {
    const events = recorder({
      observe: () => {
        throw new Error("observer");
      },
    });
    events.record(facts("a"));
    await events.close(open);
    expect(stored()).toHaveLength(1);
  });
});
