import { Pool } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { Pools } from "./pools.ts";

/** The names of the origins whose pools are open. */
function pools(limits: { readonly total: number; readonly perNamespace: number }): {
  readonly made: Pools;
  readonly open: () => string[];
} {
  const opened = new Map<string, Pool>();
  const made = new Pools(limits, (origin) => {
    const pool = new Pool(origin);
    opened.set(new URL(origin).hostname, pool);
    return pool;
  });
  onTestFinished(() => made.close());
  return { made, open: () => [...opened].flatMap(([name, pool]) => (pool.destroyed ? [] : [name])) };
}

test("a namespace that speaks to many hosts closes its own, the one that was used longest ago first", () => {
  const { made, open } = pools({ total: 10, perNamespace: 2 });
  made.lease("http://victim", "victim").release();
  for (const host of ["a", "b", "a", "c"]) made.lease(`http://${host}`, "evil").release();
  expect(open()).toEqual(["victim", "a", "c"]);
});

test("what is in use is never closed: one more is refused, until one is released", () => {
  const { made, open } = pools({ total: 2, perNamespace: 2 });
  const [first] = [made.lease("http://a", "x"), made.lease("http://b", "y")];
  expect(() => made.lease("http://c", "z")).toThrow(expect.objectContaining({ code: "OVERLOADED", temporary: true }));
  first?.release();
  first?.release();
  made.lease("http://c", "z");
  expect(open()).toEqual(["b", "c"]);
  expect(made.size).toBe(2);
});

test("the same origin has one pool, whoever asks", () => {
  const { made } = pools({ total: 2, perNamespace: 1 });
  const [one, other] = [made.lease("http://a", "x"), made.lease("http://a", "y")];
  expect(one.pool).toBe(other.pool);
});
