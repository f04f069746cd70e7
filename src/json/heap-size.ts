/** The header of one string in V8, rounded up; its characters come on top. */
const stringBytes = 16;
/** Characters of a text that the parser keeps once however often it is there. */
const shortText = 10;
/** One object with its hidden class's share, and one of its members. */
const objectBytes = 24;
const memberBytes = 8;
/** Members for which an object that was made of entries has room, however few it has. */
const leastMembers = 4;
/** A name that no other object has: beside its characters its place in a dictionary, or in a hidden class of its own. */
const nameBytes = 112;
/** An array, and its store of elements where it has any. */
const arrayBytes = 32;
const elementsBytes = 16;

/**
 * About the bytes that a value of JSON takes in memory, for caches that are bounded by bytes: within a fifth of what is
 * measured for what this program keeps, and rather too much. Strings that are there twice count twice; numbers are
 * taken to be small. Only for values of a few levels. `names`: those that all such objects share. Where it is given, any
 * other one counts, as strangers may write it, and objects count as made of entries; without it all names are the
 * program's own.
 */
export function heapSize(value: unknown, names?: ReadonlySet<string>): number {
  // The parser keeps a short text once; strangers write as many different ones as they like.
  if (typeof value === "string") return names === undefined ? textSize(value) : stringBytes + charactersSize(value);
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) {
    const own = arrayBytes + (value.length > 0 ? elementsBytes : 0);
    return value.reduce((sum: number, item: unknown) => sum + memberBytes + heapSize(item, names), own);
  }
  // A value at a time: a list of all of them would cost as much as what it measures.
  let sum = objectBytes;
  let members = 0;
  for (const name in value) {
    members += 1;
    sum += heapSize(Reflect.get(value, name), names);
    if (names?.has(name) === false) sum += nameBytes + textSize(name);
  }
  return sum + memberBytes * (names === undefined ? members : Math.max(members, leastMembers));
}

const measured = new WeakMap<object, number>();

/**
 * The same for a value that several caches keep and that nobody changes: measured once for as long as it lives, since a
 * cache asks again each time that the value is put into it.
 */
export function keptHeapSize(value: object): number {
  const known = measured.get(value);
  if (known !== undefined) return known;
  const size = heapSize(value);
  measured.set(value, size);
  return size;
}

/** V8 keeps a string with one character beyond Latin-1 at two bytes each. */
export function textSize(text: string): number {
  return text.length <= shortText ? stringBytes : stringBytes + charactersSize(text);
}

function charactersSize(text: string): number {
  const width = /[^\0-\u00ff]/.test(text) ? 2 : 1;
  return Math.ceil((text.length * width) / 8) * 8;
}
