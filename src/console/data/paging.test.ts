import { expect, test } from "vitest";
import { pageOf } from "./paging.ts";

const names = ["a", "b", "c", "d", "e"];
const own = (name: string): string => name;

test("pages follow one another until all is told", () => {
  const told: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = pageOf(names, own, { limit: 2, ...(after === undefined ? {} : { after }) });
    expect(page.total).toBe(5);
    told.push(...page.items);
    after = page.next;
    if (after === undefined) break;
  }
  expect(told).toEqual(names);
});

test("what was last on a page may be gone", () => {
  expect(pageOf(["a", "c"], own, { limit: 5, after: "b" }).items).toEqual(["c"]);
  expect(pageOf(names, own, { limit: 5, after: "z" })).toEqual({ items: [], total: 5 });
});

test("no page is larger than the contract says, nor empty", () => {
  const many = Array.from({ length: 900 }, (_, index) => String(index).padStart(3, "0"));
  expect(pageOf(many, own, { limit: 9_000 }).items).toHaveLength(500);
  expect(pageOf(many, own, { limit: 0 }).items).toEqual(["000"]);
});
