import fc from "fast-check";
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

  test("is added to a document from which something else is taken", () => {
    const start = inTerm("        - matchExpressions: [{key: pool, operator: Exists}] # c\n");
    const text = `${start}metadata: {annotations: {metahub.dev/selection: x, a: b}}\n`;
    const [how, result] = edited(text, [expression], [note]);
    expect([how, result]).toEqual([
      "exact",
      `${start.replace("}] # c", `}, ${flow}] # c`)}metadata: {annotations: {a: b}}\n`,
    ]);
  });
});

describe("items of lists that go and come", () => {
  const list: Path = ["spec", "features"];
  const item = (index: number, value: string): Write => ({ path: [...list, index], value, insert: true });
  const last = (value: string): Write => ({ path: [...list, "-"], value });
  const block =
    "spec:\n  features:\n  # ours\n  - cpu:zen2 # two\n  # later\n  - cpu:zen3 # three\n  - cpu:zen4\n  priority: 1\n";
  const flow = "spec: {features: [a,  b, c], priority: 1} # c\n";
  const json = '{"spec": {"features": ["a", "b", "c"], "priority": 1}}';
  const cases: [what: string, before: string, writes: readonly Write[], gone: readonly number[], after: string][] = [
    ["the first one goes", block, [], [0], block.replace("  - cpu:zen2 # two\n", "")],
    ["two of them go", block, [], [1, 2], block.replace("  - cpu:zen3 # three\n  - cpu:zen4\n", "")],
    ["one comes first", block, [item(0, "cpu:a")], [], block.replace("  # ours", "  - 'cpu:a'\n  # ours")],
    ["one comes between", block, [item(1, "cpu:a")], [], block.replace("two\n", "two\n  - 'cpu:a'\n")],
    [
      "one goes, two come in a row, one comes last",
      block,
      [item(1, "cpu:a"), item(1, "cpu:b"), last("cpu:c")],
      [2],
      block.replace("two\n", "two\n  - 'cpu:a'\n  - 'cpu:b'\n").replace("  - cpu:zen4", "  - 'cpu:c'"),
    ],
    ["in flow style the first one goes", flow, [], [0], flow.replace("a,  ", "")],
    ["in flow style all go", flow, [], [0, 1, 2], "spec: { features: [], priority: 1 } # c\n"],
    [
      "in flow style one comes first, one goes",
      flow,
      [item(0, "z")],
      [2],
      flow.replace("[a", "[z, a").replace(", c]", "]"),
    ],
    ["in JSON", json, [item(1, "x"), last("y")], [1], json.replace('"b", "c"', '"x", "c", "y"')],
  ];
  test.each(cases)("%s", (_, before, writes, gone, after) => {
    const [, result] = edited(
      before,
      writes,
      gone.map((index) => [...list, index]),
    );
    expect(result).toBe(after);
  });

  test("an item of a map is taken out whole, and its neighbours stay as they are", () => {
    const text = "items:\n-   a: 1 # one\n    b: [x,y]\n-   a:   2\n# three\n-   a: 3\n";
    expect(edited(text, [], [["items", 0]])).toEqual(["exact", "items:\n-   a:   2\n# three\n-   a: 3\n"]);
    expect(edited(text, [], [["items", 1]])).toEqual(["exact", text.replace("-   a:   2\n", "")]);
  });

  test("JSON that cannot be changed in its place is written anew as JSON", () => {
    const text = '{\n    "spec": {\n        "features": ["a"]\n    }\n}\n';
    const [how, result] = edited(text, [{ path: list, value: ["b", "c"] }]);
    expect([how, JSON.parse(result)]).toEqual(["reformatted", { spec: { features: ["b", "c"] } }]);
    expect(result).toContain('\n    "spec"');
    expect(JSON.parse(edited('{"spec": {}}', [{ path: ["spec", "priority"], value: 1 }])[1])).toEqual({
      spec: { priority: 1 },
    });
  });

  test("whatever goes and comes, the text says what was meant, and comments of what stays are there", () => {
    const before = fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        before,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        fc.array(fc.nat(8), { maxLength: 4 }),
        fc.constantFrom("block", "flow", "json"),
        (numbers, goes, comes, style) => {
          const texts = numbers.map((number) => `cpu:n${number}`);
          const text =
            {
              block: `spec:\n  features:\n${texts.map((one) => `  - ${one} # ${one}\n`).join("")}  priority: 1\n`,
              flow: `spec: {features: [${texts.join(", ")}], priority: 1}\n`,
              json: JSON.stringify({ spec: { features: texts, priority: 1 } }, null, 2),
            }[style] ?? "";
          const gone = texts.flatMap((_, index) => (goes[index] === true ? [index] : []));
          const writes = comes.map((place, index) =>
            place < texts.length ? item(place, `new${index}`) : last(`new${index}`),
          );
          const [, result] = edited(
            text,
            writes,
            gone.map((index) => [...list, index]),
          );
          const meant = texts.flatMap((one, index) => [
            ...comes.flatMap((place, added) => (place === index ? [`new${added}`] : [])),
            ...(gone.includes(index) ? [] : [one]),
          ]);
          const further = comes.flatMap((place, added) => (place >= texts.length ? [`new${added}`] : []));
          expect(readDocuments(result, "x")[0]?.value).toEqual({
            spec: { features: [...meant, ...further], priority: 1 },
          });
          if (style === "json") JSON.parse(result);
          if (style !== "block") return;
          for (const [index, one] of texts.entries())
            if (!gone.includes(index)) expect(result).toContain(`${one} # ${one}`);
        },
      ),
    );
  });
});
