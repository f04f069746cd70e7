import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unifiedDiff } from "./diff.ts";
import { applyEdits, type Edit } from "./edit.ts";

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");

/** Replaces a text that stands once. */
function replace(text: string, old: string, by: string): Edit {
  const start = text.indexOf(old);
  return { start, end: start + old.length, text: by };
}

describe("a unified diff", () => {
  test("shows three lines around a change", () => {
    const text = lines(9);
    expect(unifiedDiff("a.yaml", text, [replace(text, "line 5", "LINE 5")])).toBe(`--- a.yaml
+++ a.yaml
@@ -2,7 +2,7 @@
 line 2
 line 3
 line 4
-line 5
+LINE 5
 line 6
 line 7
 line 8
`);
  });

  test("shows an added line alone", () => {
    const text = lines(2);
    expect(unifiedDiff("a", text, [{ start: 7, end: 7, text: "new\n" }])).toBe(
      "--- a\n+++ a\n@@ -1,2 +1,3 @@\n line 1\n+new\n line 2\n",
    );
  });

  test("joins changes that are near, and parts those that are far", () => {
    const text = lines(20);
    const near = [replace(text, "line 3\n", "3\n"), replace(text, "line 9\n", "9\n")];
    const far = [replace(text, "line 3\n", "3\n"), replace(text, "line 12\n", "12\n")];
    expect(unifiedDiff("a", text, near).match(/^@@/gm)).toHaveLength(1);
    expect(unifiedDiff("a", text, far).match(/^@@/gm)).toHaveLength(2);
  });

  test("counts the lines that were added before", () => {
    const text = lines(20);
    const edits = [replace(text, "line 3\n", "3\n3\n"), replace(text, "line 15\n", "15\n")];
    expect(unifiedDiff("a", text, edits).match(/^@@.*/gm)).toEqual(["@@ -1,6 +1,7 @@", "@@ -12,7 +13,7 @@"]);
  });

  test("tells of a last line without its newline", () => {
    expect(unifiedDiff("a", "x", [replace("x", "x", "y")])).toBe(
      "--- a\n+++ a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n",
    );
  });

  test("is empty where nothing changes", () => {
    expect(unifiedDiff("a", "x\n", [])).toBe("");
    expect(unifiedDiff("a", "x\n", [replace("x\n", "x", "x")])).toBe("");
  });

  test("is in colour for a terminal", () => {
    expect(unifiedDiff("a", "x\n", [replace("x\n", "x", "y")], true)).toContain("\u001b[32m+y\u001b[39m");
  });
});

const splitLines = (text: string): readonly string[] => text.split(/(?<=\n)/).filter((line) => line !== "");
/** The lines before a range that is named by its first line, or by the line before it where it is empty. */
const linesBefore = (start: string, count: string | undefined): number => Number(start) - (count === "0" ? 0 : 1);

interface Hunk {
  readonly oldBefore: number;
  readonly newBefore: number;
  readonly body: readonly string[];
}

function hunksOf(diff: string): readonly Hunk[] {
  return diff
    .split(/^(?=@@ )/m)
    .slice(1)
    .map((text) => {
      const [head = "", ...body] = text.split("\n");
      const [, oldStart = "", oldCount, newStart = "", newCount] =
        /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(head) ?? [];
      const withEnds = body.slice(0, -1).flatMap((line, index, all) => {
        if (line.startsWith("\\")) return [];
        return [all[index + 1]?.startsWith("\\") ? line : `${line}\n`];
      });
      return { oldBefore: linesBefore(oldStart, oldCount), newBefore: linesBefore(newStart, newCount), body: withEnds };
    });
}

const side = (body: readonly string[], sign: "-" | "+"): readonly string[] =>
  body.filter((line) => line.startsWith(sign) || line.startsWith(" ")).map((line) => line.slice(1));

/** Carries a diff out as patch(1) does. */
function patched(text: string, diff: string): string {
  const old = splitLines(text);
  const result: string[] = [];
  let at = 0;
  for (const { oldBefore, newBefore, body } of hunksOf(diff)) {
    result.push(...old.slice(at, oldBefore));
    expect(newBefore).toBe(result.length);
    const removed = side(body, "-");
    at = oldBefore + removed.length;
    expect(removed).toEqual(old.slice(oldBefore, at));
    result.push(...side(body, "+"));
  }
  return [...result, ...old.slice(at)].join("");
}

test("makes the new text of the old one, whatever the edits are", () => {
  const text = fc
    .array(fc.constantFrom("a\n", "b\n", "\n", "longer line\n"), { maxLength: 30 })
    .map((all) => all.join(""));
  const cut = fc.array(fc.nat(200), { maxLength: 8 });
  const insert = fc.constantFrom("", "x", "x\n", "x\ny\n", "\n");
  fc.assert(
    fc.property(
      text,
      fc.boolean(),
      cut,
      fc.array(insert, { minLength: 4, maxLength: 4 }),
      (whole, ends, cuts, texts) => {
        const old = ends ? whole : whole.replace(/\n$/, "");
        const places = [...new Set(cuts.map((place) => place % (old.length + 1)))].sort((a, b) => a - b);
        const edits: Edit[] = [];
        for (let index = 0; index + 1 < places.length; index += 2) {
          edits.push({ start: places[index] ?? 0, end: places[index + 1] ?? 0, text: texts[index / 2] ?? "" });
        }
        const diff = unifiedDiff("a", old, edits);
        expect(diff === "" ? old : patched(old, diff)).toBe(applyEdits(old, edits));
      },
    ),
    { numRuns: 500 },
  );
});
