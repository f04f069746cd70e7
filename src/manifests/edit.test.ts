import { describe, expect, test } from "vitest";
import { readDocuments } from "./documents.ts";
import { applyEdits, type Write } from "./edit.ts";
import { editDocument } from "./edit-document.ts";
import type { Path } from "./value-text.ts";

/** The document with writes carried out. */
function edited(text: string, writes: readonly Write[], removals: readonly Path[] = []): [how: string, text: string] {
  const [document] = readDocuments(text, "test.yaml");
  if (document === undefined) throw new Error("no document");
  const { edits, how } = editDocument(text, document, writes, removals);
  return [how, applyEdits(text, edits)];
}

const note: Path = ["metadata", "annotations", "metahub.dev/selection"];
const required = "requiredDuringSchedulingIgnoredDuringExecution";
const terms: Path = ["spec", "affinity", "nodeAffinity", required, "nodeSelectorTerms"];
const requirement = { key: "metahub.dev/profile", operator: "In", values: ["0a1b", "beef"] };

describe("an affinity that is written into a document", () => {
  const whole: Write = { path: terms, value: [{ matchExpressions: [requirement] }] };
  const expression: Write = { path: [...terms, 0, "matchExpressions", "-"], value: requirement };
  const flow = "{key: metahub.dev/profile, operator: In, values: ['0a1b', beef]}";
  const json = '{"key": "metahub.dev/profile", "operator": "In", "values": ["0a1b", "beef"]}';
  /** The lines of a block, as far in as they stand below `spec`. */
  const block = (indent: number): string =>
    ["- key: metahub.dev/profile", "  operator: In", "  values:", "  - '0a1b'", "  - beef"]
      .map((line) => `${" ".repeat(indent)}${line}\n`)
      .join("");
  const inTerm = (rest: string): string =>
    `spec:\n  affinity:\n    nodeAffinity:\n      ${required}:\n        nodeSelectorTerms:\n${rest}`;
  const cases: [what: string, write: Write, before: string, after: string][] = [
    [
      "in block style",
      whole,
      "spec:\n    containers:\n    - image: x # c\n    # last\nafter: 1\n",
      `spec:\n    containers:\n    - image: x # c\n    affinity:\n      nodeAffinity:\n        ${required}:\n          nodeSelectorTerms:\n          - matchExpressions:\n${block(12)}    # last\nafter: 1\n`,
    ],
    [
      "in flow style",
      whole,
      "spec: {containers: [{image: x}]}\n",
      `spec: {containers: [{image: x}], affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: [{matchExpressions: [${flow}]}]}}}}\n`,
    ],
    [
      "in JSON",
      whole,
      '{"spec": {"containers": []}}',
      `{"spec": {"containers": [], "affinity": {"nodeAffinity": {"${required}": {"nodeSelectorTerms": [{"matchExpressions": [${json}]}]}}}}}`,
    ],
    [
      "that was empty",
      whole,
      "spec:\n  affinity: # none\n  x: 1\n",
      `spec:\n  affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: [{matchExpressions: [${flow}]}]}}} # none\n  x: 1\n`,
    ],
    [
      "that says more",
      whole,
      "spec:\n  affinity:\n    podAffinity: {} # mine\n  x: 1\n",
      `spec:\n  affinity:\n    podAffinity: {} # mine\n    nodeAffinity:\n      ${required}:\n        nodeSelectorTerms:\n        - matchExpressions:\n${block(10)}  x: 1\n`,
    ],
    [
      "with a list in block style",
      expression,
      inTerm("        - matchExpressions:\n            - key: pool\n              operator: Exists # any\n  x: 1\n"),
      inTerm(
        `        - matchExpressions:\n            - key: pool\n              operator: Exists # any\n${block(12)}  x: 1\n`,
      ),
    ],
    [
      "with items in flow style",
      expression,
      inTerm("        - matchExpressions:\n          - {key: pool, operator: Exists} # any\n"),
      inTerm(`        - matchExpressions:\n          - {key: pool, operator: Exists} # any\n          - ${flow}\n`),
    ],
    [
      "with a list in flow style",
      expression,
      inTerm("        - matchExpressions: [{key: pool, operator: Exists}]\n"),
      inTerm(`        - matchExpressions: [{key: pool, operator: Exists}, ${flow}]\n`),
    ],
    [
      "with a list in JSON",
      expression,
      `{"spec": {"affinity": {"nodeAffinity": {"${required}": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}}}}`,
      `{"spec": {"affinity": {"nodeAffinity": {"${required}": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}, ${json}]}]}}}}}`,
    ],
    [
      "with a term that has no such list",
      { path: [...terms, 1, "matchExpressions"], value: [requirement] },
      inTerm(
        "        - {}\n        - matchFields:\n          - {key: metadata.name, operator: In, values: [a]}\n        - {}",
      ),
      inTerm(
        `        - {}\n        - matchFields:\n          - {key: metadata.name, operator: In, values: [a]}\n          matchExpressions:\n${block(10)}        - {}`,
      ),
    ],
    [
      "with Windows' ends of lines",
      expression,
      inTerm("        - matchExpressions:\n          - key: pool\n            operator: Exists\n").replaceAll(
        "\n",
        "\r\n",
      ),
      inTerm(
        `        - matchExpressions:\n          - key: pool\n            operator: Exists\n${block(10)}`,
      ).replaceAll("\n", "\r\n"),
    ],
  ];
  test.each(cases)("%s", (_, write, before, after) => {
    expect(edited(before, [write])).toEqual(["exact", after]);
  });

  test("at the end of a text goes before what is added further out", () => {
    const [how, result] = edited("spec:\n  x: 1", [
      { path: ["spec", "affinity"], value: [requirement] },
      { path: note, value: "{}" },
    ]);
    expect([how, result]).toEqual([
      "exact",
      `spec:\n  x: 1\n  affinity:\n${block(2)}metadata:\n  annotations:\n    metahub.dev/selection: '{}'`,
    ]);
  });

  test("that an alias repeats is written where it is meant, and nowhere else", () => {
    const text = inTerm(
      "        - &t {matchExpressions: [{key: pool, operator: Exists}]} # c\n        - matchFields: [{key: metadata.name, operator: In, values: [a]}]\nother: *t\n",
    );
    const [how, result] = edited(text, [expression]);
    expect(how).toBe("bare");
    const pool = { key: "pool", operator: "Exists" };
    expect(readDocuments(result, "x")[0]?.value).toMatchObject({
      spec: {
        affinity: {
          nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions: [pool, requirement] }, {}] } },
        },
      },
      other: { matchExpressions: [pool] },
    });
  });

  test("is added to a document that is formatted anew", () => {
    const text = `${inTerm("        - matchExpressions: [{key: pool, operator: Exists}] # c\n")}metadata: {annotations: {metahub.dev/selection: x, a: b}}\n`;
    const [how, result] = edited(text, [expression], [note]);
    expect(how).toBe("reformatted");
    expect(result).toContain("# c");
    expect(result).toContain("key: metahub.dev/profile");
    expect(result).not.toContain("metahub.dev/selection");
  });
});
