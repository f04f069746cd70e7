import { expect, test } from "vitest";
import { ReadingRooms } from "./reading-rooms.ts";

test("documents of usual size never wait for large ones, however many namespaces hold those for ever", async () => {
  const rooms = new ReadingRooms();
  const never = new AbortController();
  const held: Promise<unknown>[] = [];
  const forEver = (): Promise<void> =>
    new Promise((resolve) => {
      // One whose turn comes while the others are told of the end.
      if (never.signal.aborted) resolve();
      never.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  for (let namespace = 0; namespace < 32; namespace += 1) {
    for (const bytes of [4_194_304, 1_048_576, 100_000]) {
      const run = rooms.run(`evil${namespace}`, bytes, never.signal, forEver);
      // Those that never began are told of the end.
      held.push(run.catch(() => undefined));
    }
  }
  for (let look = 0; look < 40; look += 1) {
    expect(await rooms.run("victim", 30_000, never.signal, async () => look)).toBe(look);
  }
  never.abort();
  await Promise.all(held);
});
