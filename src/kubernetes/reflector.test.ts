import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, status } from "../../test/apiserver/fakeapiserver.ts";
import { ManualClock, settle } from "../../test/apiserver/manualclock.ts";
import type { WatchConnection } from "../../test/apiserver/watchconnection.ts";
import { KubernetesClient } from "./client.ts";
import { isRecord, type KubernetesObject } from "./object.ts";
import { Reflector, type ReflectorEvent, type ReflectorOptions } from "./reflector.ts";
import type { Change } from "./reflectorstore.ts";
import { resource } from "./resource.ts";

const NODES = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const PATH = "/api/v1/nodes";
const IDLE_MS = 150_000;

let server: FakeApiServer;
let clock: ManualClock;
let client: KubernetesClient;
let stop: AbortController;
let running: Promise<void> | undefined;
let changes: string[];
let events: ReflectorEvent[];

/** Keeps `spec.a`; objects marked `skip` are left out, objects marked `bad` cannot be read. */
function transform(object: KubernetesObject): number | undefined {
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  if (spec["bad"] === true) throw new Error("unreadable");
  return spec["skip"] === true ? undefined : Number(spec["a"] ?? 0);
}

function reflect(more: Partial<ReflectorOptions<number>> = {}): Reflector<number> {
  const onChange = ({ type, key, object, previous }: Change<number>): void => {
    changes.push([type, key, object, previous].filter((each) => each !== undefined).join(" "));
  };
  const observe = (event: ReflectorEvent): void => {
    events.push(event);
    for (const wake of waiting.splice(0)) wake();
  };
  const base = { client, resource: NODES, transform, onChange, observe, clock, random: () => 0.5 };
  const reflector = new Reflector<number>({ ...base, ...more });
  running = reflector.run(stop.signal);
  return reflector;
}

const waiting: (() => void)[] = [];
/** Resolves when that many events of a type were observed. */
async function happened(type: ReflectorEvent["type"], times = 1): Promise<void> {
  while (events.filter((event) => event.type === type).length < times) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  await settle();
}

function node(name: string, a = 0, spec: object = {}): void {
  server.store.put(PATH, { metadata: { name }, spec: { a, ...spec } });
}

/** The nth watch, once both sides have it: its headers have arrived when the idle timer runs. */
async function opened(index: number): Promise<WatchConnection> {
  const watch = await server.watch(index);
  await clock.timer((ms) => ms === IDLE_MS);
  return watch;
}

/** Lets the back-off after a failure pass. */
async function recover(times = 1): Promise<void> {
  await happened("failed", times);
  await clock.advance(10_000);
}

beforeEach(async () => {
  server = await FakeApiServer.start();
  clock = new ManualClock();
  client = new KubernetesClient({ access: server.access(), userAgent: "test", clock, random: () => 0 });
  stop = new AbortController();
  changes = [];
  events = [];
});
afterEach(async () => {
  stop.abort();
  await running;
  await client.close();
  await server.stop();
  expect(clock.waits).toEqual([]);
});

describe("following", () => {
  test("lists, then follows; tells what changed of what is kept", async () => {
    node("a", 1);
    node("b", 2, { skip: true });
    let synced = 0;
    const reflector = reflect({ onSynced: () => synced++ });
    expect(reflector.hasSynced).toBe(false);
    await reflector.synced;
    expect([synced, reflector.hasSynced, [...reflector.store]]).toEqual([1, true, [["a", 1]]]);
    await opened(0);
    expect(reflector.state).toBe("watching");
    node("a", 1, { other: true });
    node("a", 3);
    node("b", 2);
    node("b", 2, { skip: true });
    node("c", 4);
    server.store.delete(PATH, "c");
    server.store.delete(PATH, "absent");
    await happened("event", 6);
    expect(changes).toEqual(["added a 1", "modified a 3 1", "added b 2", "deleted b 2", "added c 4", "deleted c 4"]);
    expect(reflector.lastSyncResourceVersion).toBe(String(server.store.version));
  });

  test("selectors and bookmarks are asked for; a watch starts where the list ended", async () => {
    node("a");
    const reflector = reflect({ labelSelector: "a=b", fieldSelector: "c=d" });
    await reflector.synced;
    const watch = await opened(0);
    expect(watch.from).toBe(server.store.version);
    const [list, follow] = server.requests;
    for (const request of [list, follow]) {
      expect([request?.query.get("labelSelector"), request?.query.get("fieldSelector")]).toEqual(["a=b", "c=d"]);
    }
    expect(follow?.query.get("allowWatchBookmarks")).toBe("true");
    expect(follow?.query.get("timeoutSeconds")).toBe("450");
  });

  test("5,000 objects in pages, with changes while they are listed", async () => {
    for (let n = 0; n < 5_000; n++) node(`n${n + 10_000}`, n);
    let page = 0;
    server.always(() => {
      page++;
      if (page === 3) {
        node("n10000", -1);
        server.store.delete(PATH, "n14999");
      } else if (page === 7) {
        node("n12500", -2);
        node("new", 7);
      }
      return false;
    });
    const reflector = reflect();
    await reflector.synced;
    expect(server.requests).toHaveLength(10);
    await opened(0);
    await happened("event", 4);
    expect(reflector.store.get("n10000")).toBe(-1);
    expect(reflector.store.get("n12500")).toBe(-2);
    expect(reflector.store.get("new")).toBe(7);
    expect(reflector.store.has("n14999")).toBe(false);
    expect(reflector.store.size).toBe(5_000);
  });

  test("an object that cannot be read is not kept and is reported; a listener that throws harms nothing", async () => {
    node("a", 1);
    node("b", 2, { bad: true });
    const reflector = reflect({
      onChange: () => {
        throw new Error("listener");
      },
    });
    await reflector.synced;
    expect([...reflector.store]).toEqual([["a", 1]]);
    expect(events).toContainEqual({ type: "unreadable", key: "b", error: new Error("unreadable") });
    expect(events).toContainEqual({ type: "listener-failed", error: new Error("listener") });
    await opened(0);
    node("a", 1, { bad: true });
    await happened("unreadable", 2);
    expect(reflector.store.size).toBe(0);
  });

  test("is ended by the signal: synced rejects, nothing stays open", async () => {
    server.always(() => true);
    const reflector = reflect();
    await server.until(() => server.requests.length === 1);
    stop.abort();
    await expect(reflector.synced).rejects.toMatchObject({ code: "ABORTED" });
    await running;
    expect(reflector.state).toBe("stopped");
    await expect(reflector.run(stop.signal)).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("what breaks", () => {
  const isWatch = (query: URLSearchParams): boolean => query.get("watch") === "true";

  test("503 on the watch, several times: it comes back and misses nothing", async () => {
    for (let n = 0; n < 3; n++) {
      server.once(({ query }, response) => isWatch(query) && status(response, 503, "ServiceUnavailable", "starting"));
    }
    node("a", 1);
    const reflector = reflect();
    await happened("failed");
    node("a", 2);
    expect(reflector.state).toBe("backing-off");
    expect(reflector.lastError).toMatchObject({ code: "SERVER_ERROR" });
    await clock.advance(10_000);
    await recover(2);
    await recover(3);
    await opened(0);
    await happened("event");
    expect(changes).toEqual(["added a 1", "modified a 2 1"]);
    expect(reflector.lastError).toBeUndefined();
    expect(events.filter(({ type }) => type === "listed")).toHaveLength(1);
  });

  test("waits grow with full jitter up to their bound, and start anew after success", async () => {
    const reflector = reflect({ random: () => 0.5, backoff: { minMs: 10, baseMs: 1_000, maxMs: 3_000 } });
    await reflector.synced;
    const broken = { done: false };
    const first = await opened(0);
    server.always(
      ({ query }, response) => isWatch(query) && !broken.done && status(response, 500, "InternalError", "x"),
    );
    first.destroy();
    for (let n = 1; n <= 4; n++) await recover(n);
    broken.done = true;
    await recover(5);
    await opened(1);
    node("a");
    await happened("event");
    (await opened(1)).destroy();
    await happened("failed", 6);
    const waits = events.flatMap((event) => (event.type === "failed" ? [event.retryInMs] : []));
    expect(waits).toEqual([500, 1_000, 1_500, 1_500, 1_500, 500]);
  });

  test.each([
    ["an ERROR event in the stream", async () => (await opened(0)).expire()],
    [
      "an HTTP status",
      async () => {
        server.once(({ query }, response) => isWatch(query) && status(response, 410, "Expired", "too old"));
        (await opened(0)).destroy();
        await recover();
      },
    ],
  ])("410 by %s: lists again and finds what was deleted meanwhile", async (_, expire) => {
    node("a", 1);
    node("b", 2);
    const reflector = reflect();
    await reflector.synced;
    const watch = await opened(0);
    watch.freeze();
    server.store.delete(PATH, "a");
    node("b", 3);
    node("c", 4);
    const failures = events.filter(({ type }) => type === "failed").length;
    await expire();
    await happened("failed", failures + 1);
    while (events.filter(({ type }) => type === "listed").length < 2) {
      await clock.advance(10_000);
    }
    expect(changes.slice(2)).toEqual(["modified b 3 2", "added c 4", "deleted a 1"]);
    expect([...reflector.store]).toEqual([
      ["b", 3],
      ["c", 4],
    ]);
  });

  test("a continue token that expired: the list starts anew, with larger pages", async () => {
    for (let n = 0; n < 30; n++) node(`n${n + 10}`, n);
    server.once(({ query }, response) => query.has("continue") && status(response, 410, "Expired", "too old"));
    const reflector = reflect({ pageSize: 10 });
    await recover();
    await reflector.synced;
    expect(reflector.store.size).toBe(30);
    expect(server.requests.slice(0, 3).map(({ query }) => query.get("limit"))).toEqual(["10", "10", "40"]);
  });

  test("a dead connection that stays open is noticed, and followed from the last bookmark", async () => {
    node("a", 1);
    const reflector = reflect();
    await reflector.synced;
    const watch = await opened(0);
    watch.bookmark(5_000);
    await happened("event");
    watch.freeze();
    await clock.advance(IDLE_MS - 1);
    expect(reflector.state).toBe("watching");
    await clock.advance(1);
    await happened("failed");
    expect(reflector.lastError).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("counts as dead") });
    await clock.advance(10_000);
    expect((await opened(1)).from).toBe(5_000);
  });

  test("anything that comes keeps a watch alive", async () => {
    const reflector = reflect();
    await reflector.synced;
    const watch = await opened(0);
    for (let n = 1; n <= 4; n++) {
      await clock.advance(IDLE_MS - 1_000);
      watch.bookmark(6_000 + n);
      await happened("event", n);
    }
    expect([reflector.state, server.watches.length]).toEqual(["watching", 1]);
  });

  test.each([
    ["cut in the middle of an event", (raw: (text: string) => void) => raw('{"type":"MODIFIED","object":{"meta')],
    ["cut in the middle of a character", (raw: (text: Buffer) => void) => raw(Buffer.from([0x7b, 0xe2]))],
  ])("%s: resumed from the last whole event", async (_, write) => {
    node("a", 1);
    const reflector = reflect();
    await reflector.synced;
    const watch = await opened(0);
    node("b", 1);
    await happened("event");
    write((text) => watch.raw(text));
    watch.end();
    await happened("failed");
    expect(reflector.lastError).toMatchObject({ message: expect.stringContaining("ended within an event") });
    await clock.advance(10_000);
    expect((await opened(1)).from).toBe(server.store.version);
    node("a", 2);
    await happened("event", 2);
    expect(reflector.store.get("a")).toBe(2);
  });

  test.each([
    ["is no JSON", "{\n"],
    ["is no event", "[1]\n"],
    ["has no name", '{"type":"ADDED","object":{"metadata":{}}}\n'],
    ["is of an unknown type", '{"type":"SURPRISE","object":{"metadata":{"name":"x"}}}\n'],
    ["is larger than any event", `"${"x".repeat(8 * 1_048_576)}`],
  ])("a line that %s: a new list shows what is there", async (_, line) => {
    const reflector = reflect();
    await reflector.synced;
    (await opened(0)).raw(line);
    node("a", 1);
    await recover();
    await happened("listed", 2);
    expect(reflector.store.get("a")).toBe(1);
  });

  test("a server that ends watches at once is not asked in a loop", async () => {
    const reflector = reflect();
    await reflector.synced;
    (await opened(0)).end();
    await happened("failed");
    expect(reflector.state).toBe("backing-off");
    await clock.advance(10_000);
    const watch = await opened(1);
    // One that lived is followed by the next without a wait.
    await clock.advance(20_000);
    watch.end();
    await opened(2);
    expect(events.filter(({ type }) => type === "failed")).toHaveLength(1);
  });

  test("attempts that take long to fail do not count as watches that worked", async () => {
    const reflector = reflect();
    await reflector.synced;
    const first = await opened(0);
    server.always(({ query }) => isWatch(query));
    first.end();
    await recover();
    for (let n = 2; n <= 4; n++) {
      await clock.timer((ms) => ms === 30_000);
      await clock.advance(30_000);
      await recover(n);
    }
    const waits = events.flatMap((event) => (event.type === "failed" ? [event.retryInMs] : []));
    expect(waits).toEqual([400, 800, 1_600, 3_200]);
    expect(reflector.lastError).toMatchObject({ code: "TIMEOUT" });
  });

  test("the server is killed, changes, and comes back", async () => {
    node("a", 1);
    const reflector = reflect();
    await reflector.synced;
    await opened(0);
    await server.stop();
    await recover();
    await recover(2);
    expect(reflector.lastError).toMatchObject({ code: "UNREACHABLE" });
    expect([...reflector.store]).toEqual([["a", 1]]);
    server.store.delete(PATH, "a");
    node("b", 2);
    await server.listen();
    await recover(3);
    await opened(1);
    await happened("event", 2);
    expect([...reflector.store]).toEqual([["b", 2]]);
  });

  test("what is refused five times is not resumed but listed", async () => {
    const reflector = reflect();
    await reflector.synced;
    const first = await opened(0);
    let refusals = 0;
    server.always(
      ({ query }, response) => isWatch(query) && refusals++ < 4 && status(response, 400, "BadRequest", "x"),
    );
    first.end();
    for (let n = 1; n <= 5; n++) await recover(n);
    await happened("listed", 2);
    expect(reflector.store.size).toBe(0);
  });

  test("a resource that is not there yet is waited for", async () => {
    let there = false;
    server.always(
      (_, response) => !there && status(response, 404, "NotFound", "the server could not find the resource"),
    );
    const reflector = reflect();
    await recover();
    expect(reflector.lastError).toMatchObject({ code: "NOT_FOUND" });
    there = true;
    await recover(2);
    await reflector.synced;
  });
});
