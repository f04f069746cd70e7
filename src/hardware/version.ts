/** Reads one number of a version: its digits without leading zeros, and where the text goes on. */
interface Cursor {
  position: number;
  /** Where the digits of the number begin and end; equal for zero. */
  start: number;
  end: number;
  /** 0 for a number, -1 for a release candidate (before any number), 1 for nothing more. */
  kind: -1 | 0 | 1;
}

const zero = 48;
const nine = 57;

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function isSeparator(code: number): boolean {
  // . - + _ ~
  return code === 46 || code === 45 || code === 43 || code === 95 || code === 126;
}

function next(text: string, cursor: Cursor): void {
  let at = cursor.position;
  while (at > 0 && isSeparator(text.charCodeAt(at))) at += 1;
  if (cursor.kind === 0 && text.startsWith("rc", at)) {
    // Linux and vendors number what comes before a release so: 6.8.0-rc1, 12.4rc1.
    cursor.kind = -1;
    cursor.position = at + 2;
    cursor.start = cursor.end = at;
    return;
  }
  if (!isDigit(text.charCodeAt(at))) {
    // A word (generic, el9, azure) says nothing about the order; neither does what follows it.
    cursor.kind = 1;
    cursor.position = text.length;
    cursor.start = cursor.end = at;
    return;
  }
  while (text.charCodeAt(at) === zero) at += 1;
  cursor.start = at;
  while (isDigit(text.charCodeAt(at))) at += 1;
  cursor.end = at;
  cursor.kind = 0;
  cursor.position = at;
}

function compareNumbers(a: string, x: Cursor, b: string, y: Cursor): number {
  const longer = x.end - x.start - (y.end - y.start);
  if (longer !== 0) return longer;
  for (let i = 0; i < x.end - x.start; i += 1) {
    const difference = a.charCodeAt(x.start + i) - b.charCodeAt(y.start + i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The order of versions as drivers, kernels and toolkits write them: number by number (`535.104.05`, `12.4`), of any
 * size, what is missing being 0, up to the first word (`6.8.0-45-generic` is 6.8.0.45). A release candidate (`-rc1`)
 * comes before its release. Positive when `a` is the higher. A total preorder; no memory is used.
 */
export function compareVersions(a: string, b: string): number {
  const x: Cursor = { position: 0, start: 0, end: 0, kind: 0 };
  const y: Cursor = { position: 0, start: 0, end: 0, kind: 0 };
  while (x.kind !== 1 || y.kind !== 1) {
    if (x.kind !== 1) next(a, x);
    if (y.kind !== 1) next(b, y);
    // A missing number is 0: above a candidate, and equal to a written 0.
    const candidate = (x.kind === -1 ? -1 : 0) - (y.kind === -1 ? -1 : 0);
    if (candidate !== 0) return candidate;
    const order = compareNumbers(a, x, b, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** A version in canonical spelling (no leading `v`), or undefined. Lower-case text is expected. */
export function canonicalVersion(text: string): string | undefined {
  const version = text.startsWith("v") ? text.slice(1) : text;
  return /^\d[a-z0-9.+_~-]{0,63}$/.test(version) ? version : undefined;
}
