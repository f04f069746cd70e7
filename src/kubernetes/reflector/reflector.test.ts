import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nodesPath as PATH, Reflecting } from "../../../test/support/api-server/reflecting.ts";

let t: Reflecting;
beforeEach(async () => {
  t = await Reflecting.start();
});
afterEach(() => t.end());

describe("following", () => {
  test("lists, then follows; tells what changed of what is kept", async () => {
    t.node("a", 1);
    t.node("b", 2, { skip: true });
    let synced = 0;
    const reflector = t.reflect({ onSynced: () => synced++ });
    expect(reflector.hasSynced).toBe(false);
    await reflector.synced;
    expect([synced, reflector.hasSynced, [...reflector.store]]).toEqual([1, true, [["a", 1]]]);
    await t.opened(0);
    expect(reflector.state).toBe("watching");
    t.node("a", 1, { other: true });
    t.node("a", 3);
    t.node("b", 2);
    t.node("b", 2, { skip: true });
    t.node("c", 4);
    t.server.store.delete(PATH, "c");
    t.server.store.delete(PATH, "absent");
    await t.happened("event", 6);
    expect(t.changes).toEqual(["added a 1", "modified a 3 1", "added b 2", "deleted b 2", "added c 4", "deleted c 4"]);
    expect(reflector.lastSyncResourceVersion).toBe(String(t.server.store.version));
  });

  test("selectors and bookmarks are asked for; a watch starts where the list ended", async () => {
    t.node("a");
    const reflector = t.reflect({ labelSelector: "a=b", fieldSelector: "c=d" });
    await reflector.synced;
    const watch = await t.opened(0);
    expect(watch.from).toBe(t.server.store.version);
    const [list, follow] = t.server.requests;
    for (const request of [list, follow]) {
      expect([request?.query.get("labelSelector"), request?.query.get("fieldSelector")]).toEqual(["a=b", "c=d"]);
    }
    expect(follow?.query.get("allowWatchBookmarks")).toBe("true");
    expect(follow?.query.get("timeoutSeconds")).toBe("450");
  });

  test("5,000 objects in pages, with changes while they are listed", async () => {
    for (let n = 0; n < 5_000; n++) t.node(`n${n + 10_000}`, n);
    let page = 0;
    t.server.always(() => {
      page++;
      if (page === 3) {
        t.node("n10000", -1);
        t.server.store.delete(PATH, "n14999");
      } else if (page === 7) {
        t.node("n12500", -2);
        t.node("new", 7);
      }
      return false;
    });
    const reflector = t.reflect();
    await reflector.synced;
    expect(t.server.requests).toHaveLength(10);
    await t.opened(0);
    await t.happened("event", 4);
    expect(reflector.store.get("n10000")).toBe(-1);
    expect(reflector.store.get("n12500")).toBe(-2);
    expect(reflector.store.get("new")).toBe(7);
    expect(reflector.store.has("n14999")).toBe(false);
    expect(reflector.store.size).toBe(5_000);
  });

  test("an object that cannot be read is not kept and is reported; a listener that throws harms nothing", async () => {
    t.node("a", 1);
    t.node("b", 2, { bad: true });
    const reflector = t.reflect({
      onChange: () => {
        throw new Error("listener");
      },
    });
    await reflector.synced;
    expect([...reflector.store]).toEqual([["a", 1]]);
    expect(t.events).toContainEqual({ type: "unreadable", key: "b", error: new Error("unreadable") });
    expect(t.events).toContainEqual({ type: "listener-failed", error: new Error("listener") });
    await t.opened(0);
    t.node("a", 1, { bad: true });
    await t.happened("unreadable", 2);
    expect(reflector.store.size).toBe(0);
  });

  test("is ended by the signal: synced rejects, nothing stays open", async () => {
    t.server.always(() => true);
    const reflector = t.reflect();
    await t.server.until(() => t.server.requests.length === 1);
    t.stop.abort();
    await expect(reflector.synced).rejects.toMatchObject({ code: "ABORTED" });
    await t.running;
    expect(reflector.state).toBe("stopped");
    await expect(reflector.run(t.stop.signal)).rejects.toMatchObject({ code: "INVALID" });
  });
});
