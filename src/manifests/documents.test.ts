import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Document } from "yaml";
import { readDocuments } from "./documents.ts";
import { applyEdits, type Write } from "./edit.ts";
import { editDocument } from "./edit-document.ts";
import { ManifestError } from "./error.ts";
import type { Path } from "./value-text.ts";

const image: Path = ["spec", "containers", 0, "image"];
const note: Path = ["metadata", "annotations", "metahub.dev/selection"];
const rewritten = `qnib/bench@sha256:${"0".repeat(64)}`;
const short = "IMAGE";

/** The first document with writes carried out, the digest shortened for reading. */
function edited(text: string, writes: readonly Write[], removals: readonly Path[] = []): [how: string, text: string] {
  const [document] = readDocuments(text, "test.yaml");
  if (document === undefined) throw new Error("no document");
  const { edits, how } = editDocument(text, document, writes, removals);
  return [how, applyEdits(text, edits).replaceAll(rewritten, short)];
}

const both: readonly Write[] = [
  { path: image, value: rewritten },
  { path: note, value: `{"c":"it's"}` },
];

describe("a value written into a document changes nothing else", () => {
  const cases: [what: string, before: string, after: string][] = [
    [
      "block style, comments, odd blanks",
      "metadata:\n    name:   x # name\n    # last\nspec:\n  containers:\n  - name: c\n    image:   qnib/bench  # here\n",
      `metadata:\n    name:   x # name\n    annotations:\n      metahub.dev/selection: '{"c":"it''s"}'\n    # last\nspec:\n  containers:\n  - name: c\n    image:   IMAGE  # here\n`,
    ],
    [
      "flow style",
      "metadata: {name: x}\nspec: {containers: [{image: qnib/bench}]}\n",
      `metadata: {name: x, annotations: {metahub.dev/selection: '{"c":"it''s"}'}}\nspec: {containers: [{image: IMAGE}]}\n`,
    ],
    [
      "quotes stay what they were",
      "metadata: {name: x, annotations: {a: b}}\nspec:\n  containers:\n  - image: 'qnib/bench'\n",
      `metadata: {name: x, annotations: {a: b, metahub.dev/selection: '{"c":"it''s"}'}}\nspec:\n  containers:\n  - image: 'IMAGE'\n`,
    ],
    [
      "JSON stays JSON",
      '{"metadata": {"name": "x"}, "spec": {"containers": [{"image": "qnib/bench"}]}}',
      `{"metadata": {"name": "x", "annotations": {"metahub.dev/selection": "{\\"c\\":\\"it's\\"}"}}, "spec": {"containers": [{"image": "IMAGE"}]}}`,
    ],
    [
      "annotations that are there",
      "metadata:\n  annotations:\n    a: |\n      text\n    b:\n    - 1\n  name: x\nspec:\n  containers:\n  - image: qnib/bench",
      `metadata:\n  annotations:\n    a: |\n      text\n    b:\n    - 1\n    metahub.dev/selection: '{"c":"it''s"}'\n  name: x\nspec:\n  containers:\n  - image: IMAGE`,
    ],
    [
      "an earlier annotation",
      "metadata: {annotations: {metahub.dev/selection: '{}'}}\nspec: {containers: [{image: qnib/bench}]}\n",
      `metadata: {annotations: {metahub.dev/selection: '{"c":"it''s"}'}}\nspec: {containers: [{image: IMAGE}]}\n`,
    ],
    [
      "annotations without any",
      "metadata:\n  annotations:\n  name: x\nspec:\n  containers:\n  - image: qnib/bench\n",
      `metadata:\n  annotations: {metahub.dev/selection: '{"c":"it''s"}'}\n  name: x\nspec:\n  containers:\n  - image: IMAGE\n`,
    ],
    [
      "annotations that are an empty map",
      "metadata: {annotations: {}}\nspec: {containers: [{image: qnib/bench}]}\n",
      `metadata: {annotations: {metahub.dev/selection: '{"c":"it''s"}'}}\nspec: {containers: [{image: IMAGE}]}\n`,
    ],
    [
      "metadata that is null",
      "metadata: null\nspec: {containers: [{image: qnib/bench}]}\n",
      `metadata: {annotations: {metahub.dev/selection: '{"c":"it''s"}'}}\nspec: {containers: [{image: IMAGE}]}\n`,
    ],
    [
      "no metadata, and no newline at the end",
      "spec:\n  containers:\n  - image: qnib/bench # c",
      `spec:\n  containers:\n  - image: IMAGE # c\nmetadata:\n  annotations:\n    metahub.dev/selection: '{"c":"it''s"}'`,
    ],
    [
      "Windows' ends of lines",
      "metadata:\r\n  name: x\r\nspec:\r\n  containers:\r\n  - image: qnib/bench\r\n",
      `metadata:\r\n  name: x\r\n  annotations:\r\n    metahub.dev/selection: '{"c":"it''s"}'\r\nspec:\r\n  containers:\r\n  - image: IMAGE\r\n`,
    ],
    [
      "what only version 1.1 reads as a number or a truth",
      "metadata: {name: x}\nspec:\n  mode: 0644\n  on: yes\n  day: 2001-12-14\n  containers:\n  - image: qnib/bench\n",
      `metadata: {name: x, annotations: {metahub.dev/selection: '{"c":"it''s"}'}}\nspec:\n  mode: 0644\n  on: yes\n  day: 2001-12-14\n  containers:\n  - image: IMAGE\n`,
    ],
  ];
  test.each(cases)("%s", (_, before, after) => {
    expect(edited(before, both)).toEqual(["exact", after]);
  });
});

describe("where that cannot be", () => {
  test("an alias is written as a value of its own", () => {
    const text = "a: &i qnib/bench\nspec:\n  containers:\n  - image: *i\n";
    const [how, result] = edited(text, [{ path: image, value: rewritten }]);
    expect([how, result]).toEqual(["exact", "a: &i qnib/bench\nspec:\n  containers:\n  - image: IMAGE\n"]);
  });

  test("an anchored image whose alias is meant to stay is written without its anchor", () => {
    const text = "spec:\n  containers:\n  - image: &i qnib/bench # c\n  other: *i\n";
    const [how, result] = edited(text, [{ path: image, value: rewritten }]);
    expect(how).not.toBe("exact");
    expect(readDocuments(result, "x")[0]?.value).toEqual({
      spec: { containers: [{ image: short }], other: "qnib/bench" },
    });
  });

  test("a merged image is overridden where it was merged", () => {
    const text = "base: &b {image: qnib/bench}\nspec:\n  containers:\n  - <<: *b\n    name: c # stays\n";
    const [how, result] = edited(text, [{ path: image, value: rewritten }]);
    expect(how).toBe("exact");
    expect(result).toContain("# stays");
    expect(readDocuments(result, "x")[0]?.value).toEqual({
      base: { image: "qnib/bench" },
      spec: { containers: [{ image: short, name: "c" }] },
    });
  });

  test("a container that is an alias of another costs the comments", () => {
    const text = "# head\nspec:\n  containers:\n  - &a {image: qnib/bench}\n  - *a\n";
    const [how, result] = edited(text, [
      { path: image, value: rewritten },
      { path: ["spec", "containers", 1, "image"], value: "other" },
    ]);
    expect([how, result]).toEqual(["bare", "spec:\n  containers:\n    - image: IMAGE\n    - image: other\n"]);
  });

  test("what cannot be taken out by itself leaves the rest formatted anew, with its comments", () => {
    const text = "# head\nmetadata:\n    annotations: {a: b} # c\n    name: x\n";
    const [how, result] = edited(
      text,
      [],
      [
        ["metadata", "annotations", "a"],
        ["metadata", "name"],
      ],
    );
    expect([how, result]).toEqual(["exact", "# head\nmetadata:\n    annotations: {} # c\n"]);
    const alone = edited(
      "# head\nmetadata:\n    labels:\n        a: b # c\n    name:   x\n",
      [],
      [["metadata", "labels", "a"]],
    );
    expect(alone).toEqual(["reformatted", "# head\nmetadata:\n  labels: {}\n  name: x\n"]);
  });
});

describe("the documents of a text", () => {
  test("are all of it, one after another", () => {
    const text = "# head\na: 1\n---\n# second\nb: 2\n...\n---\n---\nc: 3\n# end\n";
    const documents = readDocuments(text, "x");
    expect(documents.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { b: 2 }, null, { c: 3 }]);
  });

  const refused: [what: string, text: string][] = [
    ["half a document", "a: [1"],
    ["a key that stands twice", "a: 1\na: 2\n"],
    ["an unknown alias", "a: *b\n"],
    ["a tab as indentation", "a:\n\tb: 1\n"],
    ["a depth bomb", "[".repeat(20_000)],
    [
      "a billion laughs",
      `a0: &a0 x\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(",")}]`).join("\n")}\n`,
    ],
  ];
  test.each(refused)("%s is refused", (_, text) => {
    expect(() => readDocuments(text, "x.yaml")).toThrow(ManifestError);
    expect(() => readDocuments(text, "x.yaml")).toThrow(/^x\.yaml: not valid YAML: [^\n]+$/);
  });
});

describe("whatever a Pod looks like", () => {
  const texts = fc.constantFrom("x", "it's", 'say "a"', "a: b", "# no", "yes", "0644", "", " lead", "two\nlines\n");
  const labels = fc.dictionary(fc.constantFrom("a", "b", "c/d"), texts, { maxKeys: 3 });
  const pod = fc.record({
    metadata: fc.record({ name: texts, labels, annotations: labels }, { requiredKeys: [] }),
    spec: fc.record({
      containers: fc.array(fc.record({ name: texts, image: fc.constant("qnib/bench"), args: fc.array(texts) }), {
        minLength: 1,
      }),
    }),
    after: texts,
  });

  test("says what was meant, and only lines that hold a written value differ", () => {
    fc.assert(
      fc.property(pod, fc.boolean(), fc.constantFrom(2, 4), (value, flow, indent) => {
        const document = new Document(value, { version: "1.1" });
        const text = flow ? JSON.stringify(value, null, indent) : document.toString({ indent, lineWidth: 0 });
        const [read] = readDocuments(text, "x");
        if (read === undefined) throw new Error("no document");
        const { edits, how, value: meant } = editDocument(text, read, both, []);
        expect(how).toBe("exact");
        const result = applyEdits(text, edits);
        expect(readDocuments(result, "x")[0]?.value).toEqual(meant);
        const before = text.split("\n");
        const changed = result.split("\n").filter((line) => !before.includes(line));
        expect(changed.length).toBeLessThanOrEqual(4);
        expect(meant).toHaveProperty(["spec", "containers", 0, "image"], rewritten);
      }),
    );
  });
});
