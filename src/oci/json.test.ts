import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OciError } from "./error.ts";
import { parseJson } from "./json.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test("reads what JSON.parse reads, to the same value", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(0, 1, 3), (text, indent) => {
      fc.pre(!writesKeyTwice(text));
      const written = JSON.stringify(JSON.parse(text), null, indent);
      expect(JSON.stringify(parseJson(encode(written)))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("refuses what JSON.parse refuses", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().chain((text) => damaged(text)),
      ),
      (text) => {
        expect(accepts(() => parseJson(encode(text)))).toBe(accepts(() => JSON.parse(text)) && !hasRepeatedKey(text));
      },
    ),
    { numRuns: 2000 },
  );
});

describe("hostile text ends in one error with a code and a place", () => {
  test.each([
    ["", "json-syntax", undefined],
    ["{", "json-syntax", undefined],
    ['{"a":[1,', "json-syntax", "a[1]"],
    ['{"a":"\u0000"}', "json-syntax", "a"],
    ['{"a":"\\x"}', "json-syntax", "a"],
    ['{"a":"\\u12', "json-syntax", "a"],
    ['{"a":1,}', "json-syntax", undefined],
    ["[1,]", "json-syntax", "[1]"],
    ["{} {}", "json-syntax", undefined],
    ["nul", "json-syntax", undefined],
    ["01", "json-syntax", undefined],
    ["\ufeff{}", "json-syntax", undefined],
    ["'a'", "json-syntax", undefined],
    ['{"a":{"b":1,"b":2}}', "json-duplicate-key", "a.b"],
    ['{"a":{"digest":1,"Digest":2}}', "json-duplicate-key", "a.Digest"],
    ['{"Digest":1,"digest":2}', "json-duplicate-key", "digest"],
    ['{"mediaType":1,"mediatype":2}', "json-duplicate-key", "mediatype"],
    ['{"dige\u017ft":1,"digest":2}', "json-duplicate-key", "digest"],
    ['{"\u212aey":1,"key":2}', "json-duplicate-key", "key"],
    ['{"annotations":{"a":1},"Annotations":{"a":2}}', "json-duplicate-key", "Annotations"],
    ['{"__proto__":1,"__proto__":2}', "json-duplicate-key", "__proto__"],
    ["[".repeat(100_000), "json-depth", "[0]".repeat(32)],
    ['{"a":'.repeat(100_000), "json-depth", Array(32).fill("a").join(".")],
  ])("$1 (%#)", (text, code, place) => {
    expect(refusal(encode(text))).toMatchObject({ code, place });
  });

  test("too many bytes, too many values, no UTF-8", () => {
    expect(refusal(new Uint8Array(4 * 1024 * 1024 + 1)).code).toBe("too-large");
    expect(refusal(encode(`[${"0,".repeat(600_000)}0]`)).code).toBe("too-large");
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22)).code).toBe("not-utf8");
  });

  test("never shows the document in its message", () => {
    expect(refusal(encode("secret-token-of-somebody")).message).not.toContain("secret");
  });
});

test.each([
  ["annotations, which clients read as a map", '{"annotations":{"Team":1,"team":2}}'],
  ["labels of an image", '{"config":{"Labels":{"A":1,"a":2}}}'],
  ["letters that are one only in full case folding", '{"\u00df":1,"ss":2}'],
  ["the same key in two objects", '[{"Digest":1},{"digest":2}]'],
])("keys that differ in case are told apart: %s", (_name, text) => {
  expect(JSON.stringify(parseJson(encode(text)))).toBe(JSON.stringify(JSON.parse(text)));
});

test("a string of 4 MiB is read", () => {
  const text = `"${"\\n".repeat(2 * 1024 * 1024 - 2)}"`;
  expect(parseJson(encode(text))).toHaveLength(2 * 1024 * 1024 - 2);
});

test("keys that pollute prototypes are keys like others", () => {
  const value = parseJson(encode('{"__proto__":{"polluted":true},"constructor":1}'));
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(Object.keys(value ?? {})).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

/** The text with one character taken out, doubled or changed. */
function damaged(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(Math.max(text.length - 1, 0)), fc.constantFrom("", '"', ",", "}", "\\", "0", "\u0007"))
    .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1));
}

/** Only where a key really occurs twice in the text may that be the reason of a refusal. */
function hasRepeatedKey(text: string): boolean {
  return writesKeyTwice(text) && !accepts(() => parseJson(encode(text)));
}

/** In any spelling, and in any two places: more often than it matters. */
function writesKeyTwice(text: string): boolean {
  const keys = (text.match(/"(?:[^"\\]|\\.)*"\s*:/g) ?? []).map((key) => key.replace(/\s*:$/, ""));
  return new Set(keys.map((key) => String(JSON.parse(key)).toUpperCase().toLowerCase())).size < keys.length;
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function refusal(bytes: Uint8Array): OciError {
  try {
    parseJson(bytes);
  } catch (error) {
    if (error instanceof OciError) {
      return error;
    }
    throw error;
  }
  throw new Error("it was read");
}
