import { describe, expect, test } from "vitest";
import { Places } from "./places.ts";

const { signal } = new AbortController();

function places(queue = 10): Places {
  const limits = { perHost: 1, total: 1, queue };
  return new Places({ requests: limits, streams: limits });
}

/** Whether the promise has settled once everything that is ready has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const settle = (): void => {
    done = true;
  };
  promise.then(settle, settle);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe("Places", () => {
  test("a long request keeps a request's place until it is answered, and a stream's until it leaves", async () => {
    const made = places();
    const stream = await made.enter("long", "a", signal, "GET x");
    const brief = made.enter("brief", "a", signal, "GET x");
    expect(await settled(brief)).toBe(false);
    stream.answered();
    (await brief).leave();
    const second = made.enter("long", "a", signal, "GET x");
    expect(await settled(second)).toBe(false);
    stream.leave();
    stream.leave();
    (await second).leave();
    (await made.enter("brief", "a", signal, "GET x")).leave();
  });

  test("a brief request keeps its place to the end, and takes none from streams", async () => {
    const made = places();
    const brief = await made.enter("brief", "a", signal, "GET x");
    brief.answered();
    const second = made.enter("brief", "a", signal, "GET x");
    expect(await settled(second)).toBe(false);
    brief.leave();
    (await second).leave();
  });

  test("who waits for a stream's place keeps no request's place", async () => {
    const made = places();
    const stream = await made.enter("long", "a", signal, "GET x");
    stream.answered();
    const waiting = made.enter("long", "a", signal, "GET x");
    (await made.enter("brief", "a", signal, "GET x")).leave();
    stream.leave();
    (await waiting).leave();
  });

  test("a long request that gives up while it waits for a request's place gives its stream's place back", async () => {
    const made = places();
    const brief = await made.enter("brief", "a", signal, "GET x");
    const controller = new AbortController();
    const gone = made.enter("long", "a", controller.signal, "GET x");
    controller.abort(new Error("gave up"));
    await expect(gone).rejects.toThrow("gave up");
    brief.leave();
    (await made.enter("long", "a", signal, "GET x")).leave();
  });

  test("streams beyond the queue are refused", async () => {
    const made = places(0);
    await made.enter("long", "a", signal, "GET x");
    await expect(made.enter("long", "a", signal, "GET x")).rejects.toMatchObject({ code: "OVERLOADED" });
  });
});
