import { expect, test } from "vitest";
import { ReadingRooms } from "./reading-rooms.ts";

/** Documents that are not small, each of a namespace of its own. Where one fits, as much is left as it takes. */
const large = [4_194_304, 2_097_152, 1_048_576, 524_288, 262_144, 80_000, 90_000];
/** Would need twice as much beside them as is left. */
const small = 60_000;

test("documents of usual size never wait for large ones, however many namespaces hold those for ever", async () => {
  const rooms = new ReadingRooms();
  const never = new AbortController();
  const ended = Promise.withResolvers<void>();
  const begun: number[] = [];
  const held = large.map((bytes, namespace) =>
    rooms.run(`evil${namespace}`, bytes, never.signal, async () => {
      begun.push(bytes);
      await ended.promise;
    }),
  );
  // All are let in at once, so that what is left for large ones is less than another one needs.
  expect(begun).toEqual(large);
  const waits = rooms.run("another", small + 10_000, never.signal, async () => "let in");
  for (let look = 0; look < 40; look += 1) {
    expect(await rooms.run("victim", small, never.signal, async () => look)).toBe(look);
  }
  never.abort();
  await expect(waits).rejects.toMatchObject({ code: "ABORTED" });
  ended.resolve();
  await Promise.all(held);
});
