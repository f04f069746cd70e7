import { expect, test } from "vitest";
import { few } from "./few.ts";

test.each([
  [[], ""],
  [["a", "b"], "a, b"],
  [["a", "b", "c"], "a, b and 1 more"],
])("%j, two of them, are %j", (names, text) => {
  expect(few(names, 2)).toBe(text);
});
