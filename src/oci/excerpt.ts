/**
 * A short, printable piece of text that came from outside, for use in a message: quoted, control characters and
 * anything that could move a terminal's cursor escaped, at most `limit` characters of the original.
 *
 * Not `text/shorten.ts`: the mark of the cut comes after `limit` characters, and half of a character is escaped, since
 * two texts that differ there must not look alike.
 */
export function excerpt(text: string, limit = 60): string {
  const short = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return `"${short.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029"\\]/gu, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === "\\") {
    return `\\${character}`;
  }
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
