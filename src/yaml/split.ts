/** A document's place in a text: offsets, end-exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const marker = /(?<![^\n])(?:---|\.\.\.)(?=[ \t\r\n]|$)/g;
/** Blank lines, comments, directives, further ends and a byte order mark: they belong to the document after them. */
const prefix = /^(?:(?:\.\.\.)?[ \t]*(?:#[^\n]*)?(?:\r?\n|$)|%[^\n]*\n)*$/;

/**
 * The documents of a text, one after another: together they are the whole text, markers and comments included. None
 * where there is no content at all. A line that begins with `---` or `...` ends a document wherever it stands (YAML 1.2,
 * section 9.1.2).
 */
export function splitDocuments(text: string): readonly Span[] {
  const starts: number[] = [];
  let start = 0;
  let opened = false;
  /** Offset up to which the text from the start on is known to be prefix, so that it is looked at once. */
  let seen = text.startsWith("\ufeff") ? 1 : 0;
  const isPrefix = (end: number): boolean => {
    if (!prefix.test(text.slice(seen, end))) return false;
    seen = end;
    return true;
  };
  const close = (next: number): void => {
    starts.push(start);
    start = next;
    seen = next;
    opened = false;
  };
  for (const { 0: mark, index } of text.matchAll(marker)) {
    const content = opened || !isPrefix(index);
    if (mark === "...") {
      if (content) close(index + mark.length);
      continue;
    }
    if (content) close(index);
    opened = true;
  }
  if (opened || !isPrefix(text.length)) starts.push(start);
  return starts.map((from, index) => ({ start: index === 0 ? 0 : from, end: starts[index + 1] ?? text.length }));
}
