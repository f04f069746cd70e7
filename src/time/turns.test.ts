import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

const signal = AbortSignal.timeout(30_000);

test("as many at once as allowed, the others in order", async () => {
  const turns = new Turns(2);
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const begun: number[] = [];
  const done = gates.map(({ promise }, index) =>
    turns.run(signal, () => {
      begun.push(index);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  gates[1]?.resolve();
  await done[1];
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.all(done);
  expect(begun).toEqual([0, 1, 2, 3]);

  const again = Promise.withResolvers<void>();
  const counted = [4, 5, 6].map((index) =>
    turns.run(signal, () => {
      begun.push(index);
      return again.promise;
    }),
  );
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  again.resolve();
  await Promise.all(counted);
});

test("who fails gives the turn back, and who gives up takes none", async () => {
  const turns = new Turns(1);
  await expect(turns.run(signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const gate = Promise.withResolvers<void>();
  const first = turns.run(signal, () => gate.promise);
  const impatient = new AbortController();
  const second = turns.run(impatient.signal, () => Promise.resolve("second"));
  const third = turns.run(signal, () => Promise.resolve("third"));
  impatient.abort(new Error("over"));
  await expect(second).rejects.toThrow("over");
  gate.resolve();
  await first;
  expect(await third).toBe("third");
  await expect(turns.run(impatient.signal, () => Promise.resolve())).rejects.toThrow("over");
});
