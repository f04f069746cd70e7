import { expect, test } from "vitest";
import { readRange } from "./ranges.ts";

test.each<[string | undefined, string | undefined, object | undefined]>([
  [undefined, undefined, undefined],
  ["bytes=0-99", undefined, { first: 0, last: 99 }],
  ["bytes=100-", undefined, { first: 100 }],
  ["bytes=-50", undefined, { suffix: 50 }],
  ["bytes = 5 - 9", undefined, { first: 5, last: 9 }],
  ["bytes=9-5", undefined, undefined],
  ["bytes=-", undefined, undefined],
  ["bytes=-0", undefined, undefined],
  ["bytes=0-1,3-4", undefined, undefined],
  ["lines=0-1", undefined, undefined],
  ["bytes=0-9999999999999999", undefined, undefined],
  ["bytes=0-9", '"x"', { first: 0, last: 9 }],
  ["bytes=0-9", '"y"', undefined],
])("%s, if it is still %s", (header, ifRange, expected) => {
  expect(readRange(header, ifRange, '"x"')).toEqual(expected);
});
