/**
 * The keys of one object, as Go's encoding/json compares them with the names of a struct's fields: by simple case
 * folding, so that `Digest` and `dige\u017Ft` are `digest` (encoding/json, fold.go).
 */
export class FoldedKeys {
  readonly #plain: string[] = [];
  #folded: Set<string> | undefined;

  /** Whether another spelling of the key came before; remembers it. */
  has(key: string): boolean {
    // Most objects have plain keys alone, which are compared as they are.
    if (this.#folded === undefined) {
      if (isPlain(key)) {
        this.#plain.push(key);
        return false;
      }
      this.#folded = new Set(this.#plain);
    }
    // No Go struct has such a field.
    if (key.length > longest) return false;
    const folded = fold(key);
    if (this.#folded.has(folded)) return true;
    this.#folded.add(folded);
    return false;
  }
}

/** Characters of a key that could be a field's name. */
const longest = 256;

/** Folds to itself. */
function isPlain(key: string): boolean {
  return /^[a-z0-9._/-]*$/.test(key);
}

/**
 * By way of the upper case, because two letters beside ASCII meet there or below: U+017F is an S, U+212A is a k. Letters
 * whose upper case is longer (U+00DF) stay, as simple folding has one letter for one.
 */
function fold(key: string): string {
  if (/^[\0-\u007f]*$/.test(key)) return key.toLowerCase();
  let folded = "";
  for (const letter of key) {
    const upper = letter.toUpperCase();
    const lower = (upper.length === letter.length ? upper : letter).toLowerCase();
    folded += lower.length === letter.length ? lower : letter;
  }
  return folded;
}
