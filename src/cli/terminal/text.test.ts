import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeText, textWidth, truncate, wrap } from "./text.ts";

describe("safeText", () => {
  test.each([
    ["plain", "plain"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007x", "x"],
    ["a\nb\tc\r\nd", "a b c d"],
    ["a\u0000\u0008b\u007f", "ab"],
    ["a\u009b2Jb", "ab"],
    ["user\u202eexe.txt", "userexe.txt"],
    ["größe 日本 👩‍🚀", "größe 日本 👩‍🚀"],
  ])("%j is shown as %j", (text, safe) => {
    expect(safeText(text)).toBe(safe);
  });

  test("leaves no control character in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(safeText(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe("textWidth", () => {
  test.each([
    ["", 0],
    ["abc", 3],
    ["größe", 5],
    ["e\u0301", 1],
    ["日本", 4],
    ["한국", 4],
    ["Ａ", 2],
    ["✅", 2],
    ["✔", 1],
    ["❤\ufe0f", 2],
    ["👩‍🚀", 2],
    ["🇩🇪", 2],
    ["…", 1],
  ])("%j takes %i columns", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe("truncate", () => {
  test.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["abcdef", 1, "…"],
    ["abcdef", 0, ""],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
  ])("%j in %i columns is %j", (text, columns, cut) => {
    expect(truncate(text, columns)).toBe(cut);
  });
});

describe("wrap", () => {
  test.each([
    ["one two three", 7, ["one two", "three"]],
    ["abcdefgh", 3, ["abc", "def", "gh"]],
    ["a abcdefgh b", 4, ["a", "abcd", "efgh", "b"]],
    ["日本語", 4, ["日本", "語"]],
    ["", 4, [""]],
  ])("%j in %i columns is %j", (text, columns, lines) => {
    expect(wrap(text, columns)).toEqual(lines);
  });

  test("loses no character but spaces, and no line is too wide", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 20 }), (text, columns) => {
        const safe = safeText(text);
        const lines = wrap(safe, columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(safe.replaceAll(" ", ""));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
