import { expect, test } from "vitest";
import { heapSize, keptHeapSize, textSize } from "./heap-size.ts";

test("a text counts its characters, twice where one of them is beyond Latin-1", () => {
  expect([textSize(""), textSize("x".repeat(80)), textSize(`${"x".repeat(79)}\u20ac`)]).toEqual([16, 96, 176]);
});

test("a value counts all that is in it", () => {
  const inner = { a: "x".repeat(100), b: [1, 2, { c: "y".repeat(100) }] };
  expect(heapSize(inner)).toBeGreaterThan(200);
  expect(heapSize([inner, inner])).toBeGreaterThan(2 * heapSize(inner));
  expect([heapSize(1), heapSize(null), heapSize(undefined), heapSize(true)]).toEqual([0, 0, 0, 0]);
});

test("a value that is kept is measured once", () => {
  let looked = 0;
  const kept = [
    {
      get text() {
        looked += 1;
        return "x".repeat(100);
      },
    },
  ];
  const size = heapSize(kept);
  looked = 0;
  expect([keptHeapSize(kept), keptHeapSize(kept), looked]).toEqual([size, size, 1]);
});
