import { stripVTControlCharacters } from "node:util";

const plain = /^[\x20-\x7e]*$/;
/**
 * Control characters (C0, DEL, C1), line and paragraph separators, byte order mark, and the marks that turn the
 * direction of text. Names and reasons come from registries and manifests: they must not move the cursor, set a
 * window's title or reorder what is read (CWE-150; the bidirectional marks, CVE-2021-42574).
 */
const unsafe = /[\p{Cc}\u2028\u2029\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const spacing = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;

/** The text on one line, without anything that a terminal would obey. */
export function safeText(text: string): string {
  if (plain.test(text)) return text;
  return stripVTControlCharacters(text).replace(spacing, " ").replace(unsafe, "");
}

const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|^\p{Regional_Indicator}{2}/u;
/** East Asian Width W and F in broad ranges (Unicode Standard Annex 11). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

/** User-perceived characters, each with the terminal columns it takes. */
function* characters(text: string): Generator<readonly [character: string, width: number]> {
  if (plain.test(text)) {
    for (const character of text) yield [character, 1];
    return;
  }
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)) {
    yield [segment, characterWidth(segment)];
  }
}

/** Terminal columns that the text takes, reckoned by Unicode's rules; terminals differ on rare emoji. */
export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const [, own] of characters(text)) width += own;
  return width;
}

/** The text cut to so many columns, with … in place of what is missing. */
export function truncate(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let width = 0;
  for (const [character, own] of characters(text)) {
    if (width + own > columns - 1) break;
    kept += character;
    width += own;
  }
  return `${kept}…`;
}

/** Lines of at most so many columns, broken at spaces, or within a word where the word alone is wider. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (textWidth(joined) <= columns) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = breakWord(word, columns);
    line = pieces.pop() ?? "";
    lines.push(...pieces);
  }
  lines.push(line);
  return lines;
}

function breakWord(word: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let width = 0;
  for (const [character, own] of characters(word)) {
    if (piece !== "" && width + own > columns) {
      pieces.push(piece);
      piece = "";
      width = 0;
    }
    piece += character;
    width += own;
  }
  pieces.push(piece);
  return pieces;
}

function characterWidth(character: string): number {
  if (invisible.test(character)) return 0;
  return emoji.test(character) || wide.test(character) ? 2 : 1;
}
