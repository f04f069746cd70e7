import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { status } from "../../../test/support/api-server/fake.ts";
import { idleMs, nodesPath as PATH, Reflecting } from "../../../test/support/api-server/reflecting.ts";
import { aborted } from "../../time/aborted.ts";
import { KubernetesError } from "../error.ts";

let t: Reflecting;
beforeEach(async () => {
  t = await Reflecting.start();
});
afterEach(() => t.end());

describe("what breaks", () => {
  const isWatch = (query: URLSearchParams): boolean => query.get("watch") === "true";

  test("503 on the watch, several times: it comes back and misses nothing", async () => {
    for (let n = 0; n < 3; n++) {
      t.server.once(({ query }, response) => isWatch(query) && status(response, 503, "ServiceUnavailable", "starting"));
    }
    t.node("a", 1);
    const reflector = t.reflect();
    await t.happened("failed");
    t.node("a", 2);
    expect(reflector.state).toBe("backing-off");
    expect(reflector.lastError).toMatchObject({ code: "SERVER_ERROR" });
    await t.clock.advance(10_000);
    await t.recover(2);
    await t.recover(3);
    await t.opened(0);
    await t.happened("event");
    expect(t.changes).toEqual(["added a 1", "modified a 2 1"]);
    expect(reflector.lastError).toBeUndefined();
    expect(t.events.filter(({ type }) => type === "listed")).toHaveLength(1);
  });

  test("a page that is too large is asked for with half as many objects, down to one", async () => {
    const sizes: (number | undefined)[] = [];
    const reflector = t.reflect({
      pageSize: 8,
      client: {
        each(_target, { pageSize, onPassedOver }, onItem) {
          sizes.push(pageSize);
          if (pageSize !== 1) return Promise.reject(new KubernetesError("TOO_LARGE", "a page of 64 MiB"));
          onItem({ metadata: { name: "a" } });
          onPassedOver?.(9_000_000);
          return Promise.resolve("7");
        },
        // biome-ignore lint/correctness/useYield: it ends when it is told to
        async *watch(_target, { signal }) {
          await aborted(signal);
        },
      },
    });
    for (let failures = 1; failures <= 3; failures++) await t.recover(failures);
    await reflector.synced;
    expect([sizes, [...reflector.store.keys()]]).toEqual([[8, 4, 2, 1], ["a"]]);
    expect(t.events).toContainEqual({ type: "passed-over", bytes: 9_000_000 });
  });

  test("waits grow with full jitter up to their bound, and start anew after success", async () => {
    const reflector = t.reflect({ random: () => 0.5, backoff: { minMs: 10, baseMs: 1_000, maxMs: 3_000 } });
    await reflector.synced;
    const broken = { done: false };
    const first = await t.opened(0);
    t.server.always(
      ({ query }, response) => isWatch(query) && !broken.done && status(response, 500, "InternalError", "x"),
    );
    first.destroy();
    for (let n = 1; n <= 4; n++) await t.recover(n);
    broken.done = true;
    await t.recover(5);
    await t.opened(1);
    t.node("a");
    await t.happened("event");
    (await t.opened(1)).destroy();
    await t.happened("failed", 6);
    const waits = t.events.flatMap((event) => (event.type === "failed" ? [event.retryInMs] : []));
    expect(waits).toEqual([500, 1_000, 1_500, 1_500, 1_500, 500]);
  });

  test.each([
    ["an ERROR event in the stream", async () => (await t.opened(0)).expire()],
    [
      "an HTTP status",
      async () => {
        t.server.once(({ query }, response) => isWatch(query) && status(response, 410, "Expired", "too old"));
        (await t.opened(0)).destroy();
        await t.recover();
      },
    ],
  ])("410 by %s: lists again and finds what was deleted meanwhile", async (_, expire) => {
    t.node("a", 1);
    t.node("b", 2);
    const reflector = t.reflect();
    await reflector.synced;
    const watch = await t.opened(0);
    watch.freeze();
    t.server.store.delete(PATH, "a");
    t.node("b", 3);
    t.node("c", 4);
    const failures = t.events.filter(({ type }) => type === "failed").length;
    await expire();
    await t.happened("failed", failures + 1);
    while (t.events.filter(({ type }) => type === "listed").length < 2) {
      await t.clock.advance(10_000);
    }
    expect(t.changes.slice(2)).toEqual(["modified b 3 2", "added c 4", "deleted a 1"]);
    expect([...reflector.store]).toEqual([
      ["b", 3],
      ["c", 4],
    ]);
  });

  test("a continue token that expired: the list starts anew, with larger pages", async () => {
    for (let n = 0; n < 30; n++) t.node(`n${n + 10}`, n);
    t.server.once(({ query }, response) => query.has("continue") && status(response, 410, "Expired", "too old"));
    const reflector = t.reflect({ pageSize: 10 });
    await t.recover();
    await reflector.synced;
    expect(reflector.store.size).toBe(30);
    expect(t.server.requests.slice(0, 3).map(({ query }) => query.get("limit"))).toEqual(["10", "10", "40"]);
  });

  test("a dead connection that stays open is noticed, and followed from the last bookmark", async () => {
    t.node("a", 1);
    const reflector = t.reflect();
    await reflector.synced;
    const watch = await t.opened(0);
    watch.bookmark(5_000);
    await t.happened("event");
    watch.freeze();
    await t.clock.advance(idleMs - 1);
    expect(reflector.state).toBe("watching");
    await t.clock.advance(1);
    await t.happened("failed");
    expect(reflector.lastError).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("counts as dead") });
    await t.clock.advance(10_000);
    expect((await t.opened(1)).from).toBe(5_000);
  });

  test("anything that comes keeps a watch alive", async () => {
    const reflector = t.reflect();
    await reflector.synced;
    const watch = await t.opened(0);
    for (let n = 1; n <= 4; n++) {
      await t.clock.advance(idleMs - 1_000);
      watch.bookmark(6_000 + n);
      await t.happened("event", n);
    }
    expect([reflector.state, t.server.watches.length]).toEqual(["watching", 1]);
  });

  test.each([
    ["cut in the middle of an event", (raw: (text: string) => void) => raw('{"type":"MODIFIED","object":{"meta')],
    ["cut in the middle of a character", (raw: (text: Buffer) => void) => raw(Buffer.from([0x7b, 0xe2]))],
  ])("%s: resumed from the last whole event", async (_, write) => {
    t.node("a", 1);
    const reflector = t.reflect();
    await reflector.synced;
    const watch = await t.opened(0);
    t.node("b", 1);
    await t.happened("event");
    write((text) => watch.raw(text));
    watch.end();
    await t.happened("failed");
    expect(reflector.lastError).toMatchObject({ message: expect.stringContaining("ended within an event") });
    await t.clock.advance(10_000);
    expect((await t.opened(1)).from).toBe(t.server.store.version);
    t.node("a", 2);
    await t.happened("event", 2);
    expect(reflector.store.get("a")).toBe(2);
  });

  test.each([
    ["is no JSON", "{\n"],
    ["is no event", "[1]\n"],
    ["has no name", '{"type":"ADDED","object":{"metadata":{}}}\n'],
    ["is of an unknown type", '{"type":"SURPRISE","object":{"metadata":{"name":"x"}}}\n'],
    ["is larger than any event", `"${"x".repeat(8 * 1_048_576)}`],
  ])("a line that %s: a new list shows what is there", async (_, line) => {
    const reflector = t.reflect();
    await reflector.synced;
    (await t.opened(0)).raw(line);
    t.node("a", 1);
    await t.recover();
    await t.happened("listed", 2);
    expect(reflector.store.get("a")).toBe(1);
  });

  test("a server that ends watches at once is not asked in a loop", async () => {
    const reflector = t.reflect();
    await reflector.synced;
    (await t.opened(0)).end();
    await t.happened("failed");
    expect(reflector.state).toBe("backing-off");
    await t.clock.advance(10_000);
    const watch = await t.opened(1);
    // One that lived is followed by the next without a wait.
    await t.clock.advance(20_000);
    watch.end();
    await t.opened(2);
    expect(t.events.filter(({ type }) => type === "failed")).toHaveLength(1);
  });

  test("attempts that take long to fail do not count as watches that worked", async () => {
    const reflector = t.reflect();
    await reflector.synced;
    const first = await t.opened(0);
    t.server.always(({ query }) => isWatch(query));
    first.end();
    await t.recover();
    for (let n = 2; n <= 4; n++) {
      await t.clock.timer((ms) => ms === 30_000);
      await t.clock.advance(30_000);
      await t.recover(n);
    }
    const waits = t.events.flatMap((event) => (event.type === "failed" ? [event.retryInMs] : []));
    expect(waits.slice(0, 4)).toEqual([400, 800, 1_600, 3_200]);
    expect(reflector.lastError).toMatchObject({ code: "TIMEOUT" });
  });

  test("the server is killed, changes, and comes back", async () => {
    t.node("a", 1);
    const reflector = t.reflect();
    await reflector.synced;
    await t.opened(0);
    await t.server.stop();
    await t.recover();
    await t.recover(2);
    expect(reflector.lastError).toMatchObject({ code: "UNREACHABLE" });
    expect([...reflector.store]).toEqual([["a", 1]]);
    t.server.store.delete(PATH, "a");
    t.node("b", 2);
    await t.server.listen();
    await t.recover(3);
    await t.opened(1);
    await t.happened("event", 2);
    expect([...reflector.store]).toEqual([["b", 2]]);
  });

  test("what is refused five times is not resumed but listed", async () => {
    const reflector = t.reflect();
    await reflector.synced;
    const first = await t.opened(0);
    let refusals = 0;
    t.server.always(
      ({ query }, response) => isWatch(query) && refusals++ < 4 && status(response, 400, "BadRequest", "x"),
    );
    first.end();
    for (let n = 1; n <= 5; n++) await t.recover(n);
    await t.happened("listed", 2);
    expect(reflector.store.size).toBe(0);
  });

  test("a resource that is not there yet is waited for", async () => {
    let there = false;
    t.server.always(
      (_, response) => !there && status(response, 404, "NotFound", "the server could not find the resource"),
    );
    const reflector = t.reflect();
    await t.recover();
    expect(reflector.lastError).toMatchObject({ code: "NOT_FOUND" });
    there = true;
    await t.recover(2);
    await reflector.synced;
  });
});
