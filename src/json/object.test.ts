import { expect, test } from "vitest";
import { isRecord } from "./object.ts";

test.each([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  ["a", false],
  [undefined, false],
])("%j: %j", (value, is) => {
  expect(isRecord(value)).toBe(is);
});
