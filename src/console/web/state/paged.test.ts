import { expect, test } from "vitest";
import { nextToRead, put } from "./paged.ts";

const page = (count: number, after: string | undefined, next: string | undefined, stale = false) => ({
  ...{ items: Array.from({ length: count }, (_, place) => place), total: 1200, after, next, stale },
});
const three = [page(500, undefined, "a"), page(500, "a", "b"), page(200, "b", undefined)];

test("the first page is read first", () => {
  expect(nextToRead([], { from: 0, to: 0 })).toBe(0);
});

test("the next page is read before the eye is at the end of what is held", () => {
  expect(nextToRead(three.slice(0, 1), { from: 0, to: 100 })).toBeUndefined();
  expect(nextToRead(three.slice(0, 1), { from: 240, to: 260 })).toBe(1);
  expect(nextToRead(three, { from: 1190, to: 1199 })).toBeUndefined();
});

test("of stale pages those that are looked at are read, and the first, which has the total", () => {
  const stale = three.map((one) => ({ ...one, stale: true }));
  expect(nextToRead(stale, { from: 600, to: 620 })).toBe(0);
  const [, ...rest] = stale;
  expect(nextToRead([page(500, undefined, "a"), ...rest], { from: 600, to: 620 })).toBe(1);
  expect(nextToRead([page(500, undefined, "a"), ...rest], { from: 0, to: 20 })).toBeUndefined();
  expect(nextToRead([page(500, undefined, "a"), ...rest], { from: 1100, to: 1120 })).toBe(2);
});

test("a page that ends where it did keeps those after it, another does not", () => {
  expect(put(three, 1, page(499, "a", "b"))).toHaveLength(3);
  expect(put(three, 1, page(500, "a", "c"))).toHaveLength(2);
  expect(put(three, 2, page(150, "b", undefined))).toHaveLength(3);
  expect(put(three, 1, page(100, "a", undefined))).toHaveLength(2);
  // The first page is read without `after`: no page follows one that says it is the last.
  expect(put([page(1, "x", undefined), page(1, undefined, "a")], 0, page(1, "x", undefined))).toHaveLength(1);
});
