import { styleText } from "node:util";
import { structuredPatch } from "diff";
import { applyEdits, type Edit } from "./edit.ts";

/** Lines around a change, as `diff -u` shows them. */
const context = 3;

/**
 * The unified diff of a text and the same text with edits made (GNU diffutils, "Detailed Description of Unified
 * Format"). Empty where nothing changes.
 */
export function unifiedDiff(path: string, text: string, edits: readonly Edit[], color = false): string {
  const edited = applyEdits(text, edits);
  if (edited === text) return "";
  const paint = (style: "bold" | "cyan" | "red" | "green", line: string): string =>
    color ? styleText(style, line, { validateStream: false }) : line;
  const { hunks } = structuredPatch(path, path, text, edited, undefined, undefined, { context });
  const output = [paint("bold", `--- ${path}`), paint("bold", `+++ ${path}`)];
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    output.push(paint("cyan", `@@ -${span(oldStart, oldLines)} +${span(newStart, newLines)} @@`));
    for (const line of lines) {
      if (line.startsWith("-")) output.push(paint("red", line));
      else output.push(line.startsWith("+") ? paint("green", line) : line);
    }
  }
  return `${output.join("\n")}\n`;
}

/** A range of no lines is named by the line before it; a range of one by that line alone. */
function span(start: number, count: number): string {
  return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
}
