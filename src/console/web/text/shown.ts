/**
 * Control characters, and characters that have no width or turn the direction of what follows (Unicode's UAX #9): a
 * stranger's text could hide in them, or look like another.
 */
const unseen = /[\p{Cc}\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffa0]/gu;

/** A text from outside on one line, with each character to be seen: others stand as `\u{202e}`. */
export function shown(text: string): string {
  return shownLines(text.replace(/\s*\r?\n\s*/g, " ").replaceAll("\t", " "));
}

/** The same, of several lines. */
export function shownLines(text: string): string {
  return text.replace(unseen, (one) => (one === "\n" ? one : `\\u{${one.codePointAt(0)?.toString(16)}}`));
}

/** `sha256:0123456789ab`: enough to tell builds apart by eye. */
export function shortDigest(digest: string): string {
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? digest.slice(0, 19) : shown(digest);
}
