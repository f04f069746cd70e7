import { expect, test } from "vitest";
import { shortDigest, shown, shownLines } from "./shown.ts";

test.each([
  ["plain ünïcödé 漢字 😀", "plain ünïcödé 漢字 😀"],
  ["a\u202egnp.exe", "a\\u{202e}gnp.exe"],
  ["nul\u0000l", "nul\\u{0}l"],
  ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
  ["two\n  lines\tand", "two lines and"],
  ["\u001b[31mred", "\\u{1b}[31mred"],
])("%j is shown as %j", (text, seen) => {
  expect(shown(text)).toBe(seen);
});

test("lines stay lines where they are asked for", () => {
  expect(shownLines("a:\n  b\u202e")).toBe("a:\n  b\\u{202e}");
});

test("a digest is cut, and what is none is not", () => {
  expect(shortDigest(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:0123456789ab");
  expect(shortDigest("sha256:short\u202e")).toBe("sha256:short\\u{202e}");
});
