import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OciError } from "./error.ts";
import { parseJson, parseJsonInSteps } from "./json.ts";

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
    ["", "JSON_SYNTAX", undefined],
    ["{", "JSON_SYNTAX", undefined],
    ['{"a":[1,', "JSON_SYNTAX", "a[1]"],
    ['{"a":"\u0000"}', "JSON_SYNTAX", "a"],
    ['{"a":"\\x"}', "JSON_SYNTAX", "a"],
    ['{"a":"\\u12', "JSON_SYNTAX", "a"],
    ['{"a":1,}', "JSON_SYNTAX", undefined],
    ["[1,]", "JSON_SYNTAX", "[1]"],
    ["{} {}", "JSON_SYNTAX", undefined],
    ["nul", "JSON_SYNTAX", undefined],
    ["01", "JSON_SYNTAX", undefined],
    ["\ufeff{}", "JSON_SYNTAX", undefined],
    ["'a'", "JSON_SYNTAX", undefined],
    ['{"a":{"b":1,"b":2}}', "JSON_DUPLICATE_KEY", "a.b"],
    ['{"a":{"digest":1,"Digest":2}}', "JSON_DUPLICATE_KEY", "a.Digest"],
    ['{"Digest":1,"digest":2}', "JSON_DUPLICATE_KEY", "digest"],
    ['{"mediaType":1,"mediatype":2}', "JSON_DUPLICATE_KEY", "mediatype"],
    ['{"dige\u017ft":1,"digest":2}', "JSON_DUPLICATE_KEY", "digest"],
    ['{"\u212aey":1,"key":2}', "JSON_DUPLICATE_KEY", "key"],
    ['{"annotations":{"a":1},"Annotations":{"a":2}}', "JSON_DUPLICATE_KEY", "Annotations"],
    ['{"__proto__":1,"__proto__":2}', "JSON_DUPLICATE_KEY", "__proto__"],
    ["[".repeat(100_000), "JSON_DEPTH", "[0]".repeat(32)],
    ['{"a":'.repeat(100_000), "JSON_DEPTH", Array(32).fill("a").join(".")],
  ])("$1 (%#)", (text, code, place) => {
    expect(refusal(encode(text))).toMatchObject({ code, place });
  });

  test("too many bytes, too many values, no UTF-8", () => {
    expect(refusal(new Uint8Array(4 * 1024 * 1024 + 1)).code).toBe("TOO_LARGE");
    expect(refusal(encode(`[${"0,".repeat(600_000)}0]`)).code).toBe("TOO_LARGE");
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22)).code).toBe("NOT_UTF8");
  });

  test("too many members of one object", () => {
    const members = (count: number): string => Array.from({ length: count }, (_, row) => `"k${row}":0`).join(",");
    expect(Object.keys(parseJson(encode(`{${members(16_384)}}`)) ?? {})).toHaveLength(16_384);
    expect(refusal(encode(`{"annotations":{${members(16_385)}}}`))).toMatchObject({
      code: "TOO_LARGE",
      place: "annotations.k16384",
    });
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

describe("a string that is longer than a step", () => {
  /** Some of each in a row, so that steps end before, in and behind every one. */
  const pieces = ["a", "\\n", '\\"', "\\\\", "\\ud83d\\ude00", "\u{1f600}", "\\u0041", "\u00fc"];
  const long = (of: readonly string[], salt: number): string => {
    const row = of.join("") + "x".repeat(salt);
    return `"${row.repeat(Math.ceil(200_000 / row.length))}"`;
  };

  test("is the same as JSON.parse reads it, wherever a step ends", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(pieces, { minLength: 1 }), fc.nat(40), (of, salt) => {
        const text = long(of, salt);
        expect(parseJson(encode(text)) === JSON.parse(text)).toBe(true);
        const key = `{${text}:[1]}`;
        expect(Object.keys(parseJson(encode(key)) ?? {})[0] === JSON.parse(text)).toBe(true);
      }),
    );
  });

  test.each([
    ["a value", (text: string) => `[${text}]`],
    ["a key", (text: string) => `{${text}:1}`],
    ["alone", (text: string) => text],
  ])("is read in steps: %s", (_, put) => {
    const text = put(`"${'\\"'.repeat(1_000_000)}"`);
    expect([...parseJsonInSteps(encode(text))].length).toBeGreaterThanOrEqual(2_000_000 / 65_536 - 1);
  });

  test.each([
    ["an escape that is none", "\\x", "an escape that JSON does not know"],
    ["a control character", "\u0001", "a control character inside a string"],
  ])("%s in it is found, with its place", (_, wrong, why) => {
    const { message } = refusal(encode(`["${"a".repeat(200_000)}${wrong}"]`));
    expect(message).toMatch(new RegExp(`character 20000\\d: ${why}`));
  });

  test("that never ends is found", () => {
    expect(refusal(encode(`["${"a".repeat(200_000)}`)).message).toContain("the document ends inside a string");
  });
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
