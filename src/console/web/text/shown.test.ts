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

test.each([
  ["marks of direction, isolates and overrides", [0x61c, 0x200e, 0x202a, 0x202e, 0x2066, 0x2069]],
  ["spaces and joiners without width", [0x200b, 0x200d, 0x2060, 0xfeff]],
  ["letters that are drawn as nothing", [0x115f, 0x1160, 0x3164, 0xffa0]],
  ["separators of lines", [0x2028, 0x2029]],
  ["controls", [0x0, 0x7, 0x1b, 0x7f, 0x85, 0x9f]],
])("%s are seen", (_, codes) => {
  for (const code of codes) expect(shown(`a${String.fromCodePoint(code)}b`)).toBe(`a\\u{${code.toString(16)}}b`);
});

test("lines stay lines where they are asked for", () => {
  expect(shownLines("a:\n  b\u202e")).toBe("a:\n  b\\u{202e}");
});

test("a digest is cut, and what is none is not", () => {
  expect(shortDigest(`sha256:${"0123456789abcdef".repeat(4)}`)).toBe("sha256:0123456789ab");
  expect(shortDigest(`sha256:${"a".repeat(65)}`)).toBe(`sha256:${"a".repeat(65)}`);
  expect(shortDigest("sha256:short\u202e")).toBe("sha256:short\\u{202e}");
});
