import { describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";

const { signal } = new AbortController();

/** Whether the promise has settled once everything that is ready has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe("Gate", () => {
  test("bounds each host, and lets another one in meanwhile", async () => {
    const gate = new Gate({ perHost: 1, total: 2, queue: 10 });
    const leave = await gate.enter("a", signal, "GET x");
    const second = gate.enter("a", signal, "GET x");
    const other = await gate.enter("b", signal, "GET x");
    expect(await settled(second)).toBe(false);
    leave();
    leave();
    const leaveSecond = await second;
    const third = gate.enter("b", signal, "GET x");
    expect(await settled(third)).toBe(false);
    leaveSecond();
    expect(await settled(third)).toBe(false);
    other();
    (await third)();
  });

  test("bounds the total", async () => {
    const gate = new Gate({ perHost: 2, total: 1, queue: 10 });
    const leave = await gate.enter("a", signal, "GET x");
    const second = gate.enter("b", signal, "GET x");
    expect(await settled(second)).toBe(false);
    leave();
    (await second)();
  });

  test("refuses what the queue cannot hold", async () => {
    const gate = new Gate({ perHost: 1, total: 1, queue: 0 });
    await gate.enter("a", signal, "GET x");
    await expect(gate.enter("a", signal, "GET x")).rejects.toMatchObject({ code: "OVERLOADED", temporary: true });
  });

  test("a waiter that gives up leaves its place to the next", async () => {
    const gate = new Gate({ perHost: 1, total: 1, queue: 10 });
    const leave = await gate.enter("a", signal, "GET x");
    const controller = new AbortController();
    const gone = gate.enter("a", controller.signal, "GET x");
    const next = gate.enter("a", signal, "GET x");
    controller.abort(new Error("gave up"));
    await expect(gone).rejects.toThrow("gave up");
    leave();
    (await next)();
  });
});
