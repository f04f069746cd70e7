/** Bounds on one review. */
export interface SizeBounds {
  /** Values in all: each element, member, array and object. */
  readonly values: number;
  /** Elements of one array, or members of one object. */
  readonly members: number;
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];
/** Characters of a text that are looked at one by one, before its end is looked up: calling for that takes as long. */
const stepsInText = 64;

/**
 * Which bound the JSON text exceeds, and nothing is parsed for it: a value takes twenty times the memory of its few
 * characters, and as much time. It goes over the text once, in 4 ms per MiB and less.
 */
export function exceeded(text: Buffer, bounds: SizeBounds): keyof SizeBounds | undefined {
  // A value takes two bytes: itself, and what parts it from the next.
  if (text.length < 2 * Math.min(bounds.values, bounds.members)) return undefined;
  const count = new Count(bounds);
  for (let at = 0; at < text.length && count.over === undefined; at += 1) {
    const byte = text[at];
    if (byte === quote) at = endOfText(text, at + 1);
    else if (byte === comma) count.next();
    else if (byte === openBrace || byte === openBracket) count.open();
    else if (byte === closeBrace || byte === closeBracket) count.close();
  }
  return count.over;
}

/** The values so far, and the members of each map or list that is open. */
class Count {
  readonly #bounds: SizeBounds;
  readonly #outer: number[] = [];
  #members = 1;
  #values = 0;
  over: keyof SizeBounds | undefined;

  constructor(bounds: SizeBounds) {
    this.#bounds = bounds;
  }

  open(): void {
    this.#outer.push(this.#members);
    this.#members = 1;
    this.#value();
  }

  close(): void {
    this.#members = this.#outer.pop() ?? 1;
  }

  next(): void {
    this.#members += 1;
    if (this.#members > this.#bounds.members) this.over = "members";
    else this.#value();
  }

  #value(): void {
    this.#values += 1;
    if (this.#values > this.#bounds.values) this.over = "values";
  }
}

/** Where the quotation mark is that ends it; the end of all where none is. */
function endOfText(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length) {
    for (const end = Math.min(at + stepsInText, text.length); at < end; at += 1) {
      const byte = text[at];
      if (byte === quote) return at;
      if (byte === backslash) at += 1;
    }
    const next = text.indexOf('"', at);
    if (next === -1) return text.length;
    at = isEscaped(text, at, next) ? next + 1 : next;
  }
  return text.length;
}

/** By an odd number of backslashes before it. `from` is no escaped character. */
function isEscaped(text: Buffer, from: number, at: number): boolean {
  let first = at;
  while (first > from && text[first - 1] === backslash) first -= 1;
  return (at - first) % 2 === 1;
}
