import { expect, test } from "vitest";
import { Slices } from "./slices.ts";

const { signal } = new AbortController();

/** Work of so many steps, each of about a millisecond of processor time; notes each in `log`. */
function* work(name: string, count: number, log: string[]): Generator<void, string, void> {
  for (let step = 0; step < count; step += 1) {
    log.push(name);
    for (const end = performance.now() + 1; performance.now() < end; );
    yield;
  }
  return name;
}

test("what is short ends at once, what is long lets the event loop go on", async () => {
  const slices = new Slices(5);
  const log: string[] = [];
  expect(await slices.run(work("short", 1, log), signal, "w")).toBe("short");
  const long = slices.run(work("long", 40, log), signal, "w");
  let turns = 0;
  let ended = false;
  const count = (): void => {
    turns += 1;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  await long;
  ended = true;
  expect(turns).toBeGreaterThanOrEqual(4);
});

test("many share one slice, and a short one does not wait for a long one to end", async () => {
  const slices = new Slices(4);
  const log: string[] = [];
  const ends: string[] = [];
  const note = (name: string): void => void ends.push(name);
  const long = [1, 2, 3].map((row) => slices.run(work(`long${row}`, 60, log), signal, "w").then(note));
  const short = slices.run(work("short", 2, log), signal, "w").then(note);
  await Promise.all([...long, short]);
  expect(ends[0]).toBe("short");
});

test("whoever wants a turn without a slice gets it, some in a row, and the work goes on", async () => {
  // Long enough that no slice passes unused while the machine runs something else.
  const slices = new Slices(20);
  const log: string[] = [];
  const ended = new AbortController();
  const running = slices.run(work("x", 1_000_000, log), ended.signal, "w");
  /** Turns without a slice, before the next one comes. */
  const waited: number[] = [];
  let [turns, done] = [0, log.length];
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      if (log.length === done) turns += 1;
      else {
        waited.push(turns);
        [turns, done] = [0, log.length];
      }
      slices.giveWay();
      if (waited.length === 4) resolve();
      else setImmediate(turn);
    };
    setImmediate(turn);
  });
  ended.abort();
  await expect(running).rejects.toMatchObject({ code: "ABORTED" });
  expect(Math.max(...waited)).toBeGreaterThan(30);
  expect(Math.max(...waited)).toBeLessThanOrEqual(65);
});

test("ends where the signal does, and where the work fails", async () => {
  const slices = new Slices(2);
  const log: string[] = [];
  const ended = new AbortController();
  const running = slices.run(work("x", 1_000_000, log), ended.signal, "w");
  setImmediate(() => ended.abort());
  await expect(running).rejects.toMatchObject({ code: "ABORTED" });
  const done = log.length;
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toHaveLength(done);
  // biome-ignore lint/correctness/useYield: it fails before its first step ends
  const failing = (function* (): Generator<void, never, void> {
    throw new Error("no");
  })();
  await expect(slices.run(failing, signal, "w")).rejects.toThrow("no");
});
