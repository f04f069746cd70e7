import fc from "fast-check";
import { loadAll } from "js-yaml";
import { expect, test } from "vitest";
import { kubernetesSchema } from "./schema.ts";
import { splitDocuments } from "./split.ts";

const pieces = (text: string): readonly string[] =>
  splitDocuments(text).map(({ start, end }) => text.slice(start, end));

test.each<[what: string, text: string, documents: readonly string[]]>([
  ["nothing", "", []],
  ["comments alone", "# a\n\n# b\n", []],
  ["one document", "a: 1\n", ["a: 1\n"]],
  ["comments before the marker", "# a\n---\nb: 1\n", ["# a\n---\nb: 1\n"]],
  ["directives before the marker", "%YAML 1.1\n---\nb: 1\n", ["%YAML 1.1\n---\nb: 1\n"]],
  ["empty documents", "---\n---\na: 1\n---\n", ["---\n", "---\na: 1\n", "---\n"]],
  ["an end without a beginning after it", "a: 1\n...\nb: 2\n", ["a: 1\n...", "\nb: 2\n"]],
  ["an end at the end", "a: 1\n...\n# c\n", ["a: 1\n...\n# c\n"]],
  ["an end and a beginning", "a: 1\n...\n# c\n---\nb: 2", ["a: 1\n...", "\n# c\n---\nb: 2"]],
  ["content on the marker's line", "--- 1\n--- |\n  x\n", ["--- 1\n", "--- |\n  x\n"]],
  ["what only looks like a marker", "a: |\n  ---\n----\n", ["a: |\n  ---\n----\n"]],
  ["a marker after what ends no line here", 'a: "\u2028---"\n# \u2028\n', ['a: "\u2028---"\n# \u2028\n']],
  ["Windows' ends of lines", "a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "---\r\nb: 2\r\n"]],
])("%s", (_, text, documents) => {
  expect(pieces(text)).toEqual(documents);
});

test("the pieces are the whole text, and say one after another what it says as a whole", () => {
  const line = fc.constantFrom(
    "---",
    "--- # c",
    "--- 1",
    "...",
    "# c",
    "",
    "  ",
    "a: 1",
    "b: [2,",
    " 3]",
    "- x",
    "| \n  y",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), (lines, newline) => {
      const text = lines.map((each) => each + newline).join("");
      let whole: unknown[];
      try {
        whole = loadAll(text, { schema: kubernetesSchema });
      } catch {
        return; // The pieces need not be better YAML than the whole.
      }
      const parts = pieces(text);
      expect(parts.length === 0 ? "" : parts.join("")).toBe(parts.length === 0 ? "" : text);
      const values = parts.flatMap((part) => {
        const read = loadAll(part, { schema: kubernetesSchema });
        return read.length === 0 ? [null] : read;
      });
      expect(values).toEqual(whole.map((value) => value ?? null));
    }),
    { numRuns: 3_000 },
  );
});
