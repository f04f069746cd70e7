import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { kubectlReads } from "../../test/support/yaml/kubectl-reads.ts";
import { documentOptions } from "./document-options.ts";
import { readYaml } from "./read.ts";

/** The values of a text's documents, undefined where it is refused. */
function read(text: string): readonly unknown[] | undefined {
  try {
    return readYaml(text).map(({ value }) => value);
  } catch (error) {
    expect(error).toMatchObject({ name: "YamlError", code: "YAML_INVALID" });
    return undefined;
  }
}

/** The same by the package that edits texts. */
function readByEditor(text: string): readonly unknown[] | undefined {
  const documents = readYaml(text).map(({ start, end }) => parseDocument(text.slice(start, end), documentOptions));
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  return documents.map((document) => document.toJS());
}

/** Where this program reads something else than kubectl, and why. */
const otherwise: readonly (readonly [why: string, text: string, ours: readonly unknown[] | undefined])[] = [
  ["a key that stands twice is a mistake; kubectl's strict decoding says so too", "a: 1\na: 2\n", undefined],
  ["", "x: {a: 1, a: 2}\n", undefined],
  ["", "true: a\nyes: b\n", undefined],
  ["", "[{a: 1, a: 2}]\n", undefined],
  ["", "1: a\n01: b\n", undefined],
  ["", '{"a": 1, "a": 2}', undefined],
  ["in JSON these are one key", "1: a\n'1': b\n", undefined],
  ["", "true: a\n'true': b\n", undefined],
  ["tags beyond those of JSON are in no manifest", "v: !foo bar\n", undefined],
  ["", "v: !!binary aGk=\n", undefined],
  ["", "v: !!binary /w==\n", undefined],
  ["", "v: !!timestamp 2001-12-14\n", undefined],
  ["", "v: !!set {a, b}\n", undefined],
  ["", 'a: !!binary "/w=="\n', undefined],
  ["as a value they are refused, so as a key too", ".inf: a\n", undefined],
  ["", ".nan: a\n", undefined],
  ["numbers are those of JavaScript", "9223372036854775808: a\n", [{ "9223372036854776000": "a" }]],
  [
    "a map's own key counts, wherever it stands",
    "a: &a {x: 1, y: 2}\nb:\n  x: 3\n  <<: *a\n",
    [{ a: { x: 1, true: 2 }, b: { x: 3, true: 2 } }],
  ],
  ["JSON's escapes are good in YAML too", 'v: "\\u00e9\\x41\\/"\n', [{ v: "éA/" }]],
  ["", '{"a": 1, "b": [true, null, "x\\u0041\\/"]}', [{ a: 1, b: [true, null, "xA/"] }]],
  ["", '{"a": "\\ud83d\\ude00"}', [{ a: "😀" }]],
  ["YAML 1.2 lets a tab part these", "a: 1\n\t\nb: 2\n", [{ a: 1, b: 2 }]],
  ["", "-\ta\n", [["a"]]],
  ["YAML 1.2 has two ends of lines only", "a: x\u0085b: 2\n", undefined],
  ["", "a: x\u2028b: 2\n", undefined],
  ["YAML wants such lines further in", "a: {\nb: 1\n}\n", undefined],
  ["", 'a: "x\ny"\n', undefined],
  ["a byte order mark begins a file", "a: 1\n---\n\ufeffb: 2\n", [{ a: 1 }, { "\ufeffb": 2 }]],
  ["an empty document keeps its place", "a: 1\n---\n---\nb: 2\n", [{ a: 1 }, null, { b: 2 }]],
  ["", "a: 1\n---\n", [{ a: 1 }, null]],
  ["comments alone are no document", "# c\n", []],
  ["", "# c\n---\na: 1\n", [{ a: 1 }]],
  ["kubectl parts documents before it reads them", "--- {a: 1}\n", [{ a: 1 }]],
  ["", "a: 1\n--- {b: 2}\n", [{ a: 1 }, { b: 2 }]],
  ["", "---x\n", ["---x"]],
  ["", "%YAML 1.1\n---\na: yes\n", [{ a: true }]],
  ["", "%YAML 1.2\n---\na: yes\n", [{ a: true }]],
  ["what kubectl passes over in silence is read, or refused", "a: 1\n...\nb: 2\n", [{ a: 1 }, { b: 2 }]],
  ["", '{"a": 1}\n{"b": 2}\n', undefined],
];

describe("one dialect", () => {
  const special = new Map(otherwise.map(([, text, ours]) => [text, ours]));

  test.each(kubectlReads)(
    "%j is read as kubectl reads it, or as the exceptions say, by both packages",
    (text, documents) => {
      const refused = documents.includes(undefined);
      const theirs = refused ? undefined : documents.map((json): unknown => JSON.parse(json ?? ""));
      const values = read(text);
      if (special.has(text)) {
        expect(values).toEqual(special.get(text));
        expect(values).not.toEqual(theirs);
      } else expect(values).toEqual(theirs);
      // A lone carriage return ends a line for js-yaml and kubectl; the editor refuses it, and the document is written anew.
      if (values !== undefined && !/\r(?!\n)/.test(text)) expect(readByEditor(text)).toEqual(values);
    },
  );

  test("every exception is one of kubectl's texts", () => {
    const texts = new Set(kubectlReads.map(([text]) => text));
    expect(otherwise.filter(([, text]) => !texts.has(text))).toEqual([]);
  });

  test("whatever a plain scalar looks like, both packages read the same", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."0123456789_-+.:eExXobByYnNtf~ai"), maxLength: 8 });
    fc.assert(
      fc.property(letters, (scalar) => {
        const text = `v: ${scalar}\n`;
        const values = read(text);
        if (values !== undefined) expect(readByEditor(text)).toEqual(values);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("bounds", () => {
  const laughs = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(",")}]`);

  test.each([
    ["a billion laughs", `a0: &a0 x\n${laughs.join("\n")}\n`, /its aliases repeat too much/],
    ["a list that contains itself", "a: &x [*x]\n", /recursive alias/],
    ["a depth bomb", "[".repeat(20_000), /maxDepth/],
    [
      "a list of half a million repeated numbers",
      `a: &a [${Array(100).fill(1)}]\nb:\n${"- *a\n".repeat(5_000)}`,
      /repeat/,
    ],
  ])("%s is refused", (_, text, said) => {
    expect(() => readYaml(text)).toThrow(said);
  });

  test("two thousand aliases of a small map are none", () => {
    expect(read(`a: &a {x: 1}\nb:\n${"- *a\n".repeat(2_000)}`)).toHaveLength(1);
  });
});
