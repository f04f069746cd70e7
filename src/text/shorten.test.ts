import fc from "fast-check";
import { expect, test } from "vitest";
import { oneLine, shorten } from "./shorten.ts";

test.each([
  ["short", 5, "short"],
  ["longer", 5, "long…"],
  ["ab😀", 3, "ab…"],
  ["ab😀c", 4, "ab…"],
])("%j in %i characters is %j", (text, most, short) => {
  expect(shorten(text, most)).toBe(short);
});

test("no shortened text is longer than asked, and each is whole characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 12 }), (text, most) => {
      const short = shorten(text, most);
      expect(short.length).toBeLessThanOrEqual(most);
      expect(short.isWellFormed()).toBe(true);
      expect(text.startsWith(short.replace(/…$/, ""))).toBe(true);
    }),
  );
});

test.each([
  ["a\n  b\r\n\tc ", "a b c"],
  ["a\u0000b\u2028c", "a b c"],
  ["", ""],
])("%j on one line is %j", (text, line) => {
  expect(oneLine(text)).toBe(line);
});
