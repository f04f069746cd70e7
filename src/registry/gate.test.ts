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

  test("a tenant whose hosts never answer leaves places, and turns, to others", async () => {
    const gate = new Gate({ perHost: 16, total: 64, queue: 1_024 });
    const evil = (review: object): { readonly namespace: string; readonly review: object } => ({
      namespace: "evil",
      review,
    });
    const given: (() => void)[] = [];
    for (const review of [{}, {}]) {
      for (let n = 0; n < 80; n += 1) {
        gate.enter(`host-${n}`, signal, "GET x", evil(review)).then((leave) => given.push(leave), undefined);
      }
    }
    const victim = gate.enter("good", signal, "GET x", { namespace: "victim", review: {} });
    expect(await settled(victim)).toBe(true);
    expect(given).toHaveLength(29);
    for (const leave of given.slice(0, 4)) leave();
    await settled(victim);
    expect(given.length).toBeGreaterThan(29);
  });

  test("nor does it fill the queue, or all the places of one host", async () => {
    const gate = new Gate({ perHost: 4, total: 64, queue: 8 });
    const evil = { namespace: "evil", review: {} };
    const refused: unknown[] = [];
    for (let n = 0; n < 20; n += 1) {
      gate.enter("shared", signal, "GET x", { ...evil, review: {} }).catch((error: unknown) => refused.push(error));
    }
    const victim = { namespace: "victim", review: {} };
    expect(await settled(gate.enter("shared", signal, "GET x", victim))).toBe(true);
    expect(refused).toHaveLength(14);
    for (const error of refused) expect(error).toMatchObject({ code: "OVERLOADED" });
    const waiting = gate.enter("shared", signal, "GET x", { ...victim, review: {} });
    expect(await settled(waiting)).toBe(false);
  });
});
