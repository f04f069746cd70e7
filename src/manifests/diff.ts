import { styleText } from "node:util";
import { type Edit, sorted } from "./edit.ts";

/** Lines around a change, as `diff -u` shows them. */
const context = 3;

/** Old lines [from, to) become `lines`. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * The unified diff of a text and the same text with edits made (GNU diffutils, "Detailed Description of Unified
 * Format"). The edits are known, so no search for what changed is needed. Empty where nothing changes.
 */
export function unifiedDiff(path: string, text: string, edits: readonly Edit[], color = false): string {
  const old = splitLines(text);
  const changes = changesOf(text, old, edits);
  if (changes.length === 0) return "";
  const paint = (style: "bold" | "cyan" | "red" | "green", line: string): string =>
    color ? styleText(style, line, { validateStream: false }) : line;
  const output = [paint("bold", `--- ${path}`), paint("bold", `+++ ${path}`)];
  let shift = 0;
  for (const hunk of hunks(changes)) {
    const [first] = hunk;
    const last = hunk.at(-1);
    if (first === undefined || last === undefined) continue;
    const from = Math.max(0, first.from - context);
    const to = Math.min(old.length, last.to + context);
    const body: string[] = [];
    let at = from;
    let grown = 0;
    for (const change of hunk) {
      for (; at < change.from; at++) body.push(...mark(" ", old[at]));
      for (; at < change.to; at++) body.push(...mark("-", old[at]).map((line) => paint("red", line)));
      body.push(...change.lines.flatMap((line) => mark("+", line)).map((line) => paint("green", line)));
      grown += change.lines.length - (change.to - change.from);
    }
    for (; at < to; at++) body.push(...mark(" ", old[at]));
    const head = `@@ -${span(from, to - from)} +${span(from + shift, to - from + grown)} @@`;
    output.push(paint("cyan", head), ...body);
    shift += grown;
  }
  return `${output.join("\n")}\n`;
}

/** A range of no lines is named by the line before it. */
function span(from: number, count: number): string {
  const line = count === 0 ? from : from + 1;
  return count === 1 ? `${line}` : `${line},${count}`;
}

function mark(sign: string, line = ""): readonly string[] {
  return line.endsWith("\n") ? [sign + line.slice(0, -1)] : [sign + line, "\\ No newline at end of file"];
}

/** Each line with its newline; the last one may have none. */
function splitLines(text: string): readonly string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== "");
}

function changesOf(text: string, old: readonly string[], edits: readonly Edit[]): readonly Change[] {
  const starts: number[] = [];
  let offset = 0;
  for (const line of old) {
    starts.push(offset);
    offset += line.length;
  }
  starts.push(offset);
  // Edits on the same lines are one change.
  const groups: { from: number; to: number; edits: Edit[] }[] = [];
  for (const edit of sorted(edits)) {
    const from = lineAt(starts, edit.start);
    const wholeLines = edit.start === starts[from] && edit.text.endsWith("\n") && starts.includes(edit.end);
    const to = wholeLines ? lineAt(starts, edit.end) : lineAt(starts, Math.max(edit.end - 1, edit.start)) + 1;
    const known = groups.at(-1);
    if (known !== undefined && from < known.to) {
      known.to = Math.max(known.to, to);
      known.edits.push(edit);
    } else groups.push({ from, to: Math.min(to, old.length), edits: [edit] });
  }
  return groups.flatMap((group) => {
    const start = starts[group.from] ?? offset;
    const end = starts[group.to] ?? offset;
    let piece = "";
    let at = start;
    for (const edit of group.edits) {
      piece += text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return withoutEqualEnds(old, group.from, group.to, splitLines(piece + text.slice(at, end)));
  });
}

function withoutEqualEnds(old: readonly string[], from: number, to: number, lines: readonly string[]): Change[] {
  let head = 0;
  while (from + head < to && head < lines.length && old[from + head] === lines[head]) head++;
  let tail = 0;
  while (to - tail > from + head && lines.length - tail > head && old[to - tail - 1] === lines.at(-1 - tail)) tail++;
  const change = { from: from + head, to: to - tail, lines: lines.slice(head, lines.length - tail) };
  return change.from === change.to && change.lines.length === 0 ? [] : [change];
}

/** The line that holds the offset; past the end, the line after the last. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Changes whose context would touch stand in one hunk. */
function hunks(changes: readonly Change[]): readonly (readonly Change[])[] {
  const found: Change[][] = [];
  for (const change of changes) {
    const last = found.at(-1)?.at(-1);
    if (last !== undefined && change.from - last.to <= 2 * context) found.at(-1)?.push(change);
    else found.push([change]);
  }
  return found;
}
