import fc from "fast-check";

/** Names that mean something to JavaScript, to JSON readers, or to terminals. */
const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "then",
  "",
  "\u0000",
  "\u202e",
  "\ud800",
  "a\r\nb",
  "\u001b[2J",
  "k\u017f",
  "x".repeat(300),
];

/** Values in the place of others. */
const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  0.5,
  [],
  {},
  [[]],
  [null],
  { "": "" },
  ...names,
  "\u{1f600}".repeat(40),
  "\ufeff",
  "a".repeat(70_000),
  "a/".repeat(300),
  `x@sha256:${"0".repeat(64)}`,
  `${"a".repeat(200)}.example/b:c`,
  Array(2_000).fill(0),
  Array(500).fill({ name: "c", image: "qnib/bench" }),
  nested(60),
];

function nested(depth: number): unknown {
  return depth === 0 ? [] : { a: [nested(depth - 1)] };
}

type Tree = Record<string, unknown>;

/** A place in a document: what it stands in, and under which name. */
interface Place {
  readonly parent: Tree;
  readonly key: string;
}

function placesOf(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ parent: value as Tree, key });
    placesOf((value as Tree)[key], found);
  }
  return found;
}

/** What is done at a place. `pick` chooses among what the change may put there. */
const changes: Readonly<Record<string, (place: Place, pick: number) => void>> = {
  replaced: ({ parent, key }, pick) => {
    parent[key] = oddValue(pick);
  },
  removed: ({ parent, key }) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  },
  renamed: ({ parent, key }, pick) => {
    if (Array.isArray(parent)) return;
    const value = parent[key];
    delete parent[key];
    // Not by assignment, which would set the prototype.
    define(parent, names[pick % names.length] ?? "", value);
  },
  added: ({ parent }, pick) => define(parent, names[pick % names.length] ?? "", oddValue(pick * 7)),
  repeated: ({ parent, key }, pick) => {
    const value = parent[key];
    // Copies, or a change in one of them would be made in all.
    parent[key] = Array.from({ length: Math.min(pick % 300, timesOf(value)) }, () => structuredClone(value));
  },
  lengthened: ({ parent, key }, pick) => {
    const value = parent[key];
    if (typeof value !== "string") return;
    const times = pick % 3 === 0 ? 100_000 / (1 + value.length) : 1 + (pick % 400);
    parent[key] = value.repeat(Math.min(times, timesOf(value)));
  },
  wrapped: ({ parent, key }, pick) => {
    parent[key] = pick % 2 === 0 ? [parent[key]] : { [names[pick % names.length] ?? ""]: parent[key] };
  },
};

/** How often a value may stand there: all together are no longer than a request is. */
function timesOf(value: unknown): number {
  return Math.floor(longestValue / (1 + (JSON.stringify(value)?.length ?? 0)));
}

/** A copy: another change may go into it. */
function oddValue(pick: number): unknown {
  return structuredClone(odd[pick % odd.length]);
}

/** A list has no names: JSON would drop them. */
function define(object: Tree, key: string, value: unknown): void {
  if (Array.isArray(object)) return;
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** What is done to a text: a key twice, a part gone, doubled, or other than it was. */
const damages: Readonly<Record<string, (text: string, at: number) => string>> = {
  none: (text) => text,
  twice: (text, at) => text.replace(nth(text, at, /"(?:[^"\\]|\\.)*":/g), (key) => `${key}null,${key}`),
  spelled: (text, at) => text.replace(nth(text, at, /"[a-z]\w*":/g), (key) => `${key.toUpperCase()}1,${key}`),
  cut: (text, at) => text.slice(0, at % (text.length + 1)),
  holed: (text, at) => text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + 1 + (at % 7)),
  stained: (text, at) => {
    const place = at % (text.length + 1);
    return `${text.slice(0, place)}${'\u0000\u2028"\\{[,'.charAt(at % 7)}${text.slice(place)}`;
  },
};

/** The nth match, as what a replacement takes. */
function nth(text: string, at: number, pattern: RegExp): string {
  const all = [...text.matchAll(pattern)].map(([match]) => match);
  return all[at % Math.max(1, all.length)] ?? "\u0000nothing";
}

const mostPlaces = 5_000;
/** Characters of JSON. */
const longestValue = 500_000;

const change = fc.record({ how: fc.constantFrom(...Object.keys(changes)), at: fc.nat(), pick: fc.nat(10_000) });

/** Valid documents that were broken in up to four places, as values. */
export function spoiledValues<T extends object>(...valid: readonly T[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 0, maxLength: 4 }))
    .map(([document, list]) => {
      const copy: unknown = structuredClone(document);
      for (const { how, at, pick } of list) {
        const places = placesOf(copy);
        // What was repeated is not repeated within itself without end.
        if (places.length > mostPlaces) break;
        const place = places[at % Math.max(1, places.length)];
        if (place !== undefined) changes[how]?.(place, pick);
      }
      return copy;
    });
}

/** The same as JSON, of which the text may be damaged, too. */
export function spoiledTexts<T extends object>(...valid: readonly T[]): fc.Arbitrary<string> {
  const damage = fc.record({ how: fc.constantFrom(...Object.keys(damages)), at: fc.nat(100_000) });
  return fc
    .tuple(spoiledValues(...valid), damage)
    .map(([value, { how, at }]) => damages[how]?.(JSON.stringify(value) ?? "", at) ?? "");
}

/** Texts that are no JSON, damaged. */
export function damaged(...valid: readonly string[]): fc.Arbitrary<string> {
  const damage = fc.record({ how: fc.constantFrom(...Object.keys(damages)), at: fc.nat(100_000) });
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(damage, { maxLength: 4 }))
    .map(([text, list]) => list.reduce((now, { how, at }) => damages[how]?.(now, at) ?? "", text));
}
