import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesNodeSelector, matchesNodeSelectorTerm, type NodeSelectorRequirement } from "./affinity.ts";

const node = { name: "node-a", labels: { pool: "gpu", cores: "64", empty: "", text: "x1" } };

type Row = readonly [key: string, operator: string, values: readonly string[] | undefined, expected: boolean];

// The rule: k8s.io/apimachinery/pkg/labels.Requirement.Matches and NewRequirement.
const expressions: readonly Row[] = [
  ["pool", "In", ["cpu", "gpu"], true],
  ["pool", "In", ["cpu"], false],
  ["missing", "In", [""], false],
  ["empty", "In", [""], true],
  ["pool", "In", [], false],
  ["pool", "NotIn", ["cpu"], true],
  ["pool", "NotIn", ["gpu"], false],
  ["missing", "NotIn", ["gpu"], true],
  ["missing", "NotIn", [], false],
  ["pool", "Exists", undefined, true],
  ["empty", "Exists", [], true],
  ["missing", "Exists", undefined, false],
  ["pool", "Exists", ["gpu"], false],
  ["missing", "DoesNotExist", undefined, true],
  ["pool", "DoesNotExist", undefined, false],
  ["constructor", "DoesNotExist", undefined, true],
  ["cores", "Gt", ["63"], true],
  ["cores", "Gt", ["64"], false],
  ["cores", "Lt", ["65"], true],
  ["cores", "Lt", ["64"], false],
  ["cores", "Gt", ["-1"], true],
  ["cores", "Gt", ["+1"], true],
  ["cores", "Gt", ["1", "2"], false],
  ["cores", "Gt", [], false],
  ["cores", "Gt", ["1.5"], false],
  ["cores", "Gt", [" 1"], false],
  ["cores", "Lt", ["9223372036854775807"], true],
  ["cores", "Lt", ["9223372036854775808"], false],
  ["text", "Gt", ["0"], false],
  ["missing", "Lt", ["100"], false],
  ["pool", "Matches", ["gpu"], false],
];

const fields: readonly Row[] = [
  ["metadata.name", "In", ["node-a"], true],
  ["metadata.name", "In", ["node-b"], false],
  ["metadata.name", "In", ["node-a", "node-b"], false],
  ["metadata.name", "NotIn", ["node-b"], true],
  ["metadata.name", "NotIn", ["node-a"], false],
  ["metadata.name", "Exists", undefined, false],
  ["metadata.uid", "In", ["node-a"], false],
];

function toRequirement([key, operator, values]: Row): NodeSelectorRequirement {
  // As JSON would bring it: the operator may be one that this program does not know.
  return JSON.parse(JSON.stringify({ key, operator, values }));
}

describe("matchesNodeSelectorTerm", () => {
  test.each(expressions)("label %s %s %j: %s", (...row) => {
    expect(matchesNodeSelectorTerm({ matchExpressions: [toRequirement(row)] }, node)).toBe(row[3]);
  });

  test.each(fields)("field %s %s %j: %s", (...row) => {
    expect(matchesNodeSelectorTerm({ matchFields: [toRequirement(row)] }, node)).toBe(row[3]);
  });

  test("selects nothing without a requirement", () => {
    expect(matchesNodeSelectorTerm({}, node)).toBe(false);
    expect(matchesNodeSelectorTerm({ matchExpressions: [], matchFields: [] }, node)).toBe(false);
  });

  test("wants all requirements, of labels and of fields", () => {
    const hit = toRequirement(["pool", "Exists", undefined, true]);
    const miss = toRequirement(["missing", "Exists", undefined, false]);
    const name = toRequirement(["metadata.name", "In", ["node-a"], true]);
    expect(matchesNodeSelectorTerm({ matchExpressions: [hit], matchFields: [name] }, node)).toBe(true);
    expect(matchesNodeSelectorTerm({ matchExpressions: [hit, miss], matchFields: [name] }, node)).toBe(false);
  });
});

describe("matchesNodeSelector", () => {
  const hit = { matchExpressions: [toRequirement(["pool", "Exists", undefined, true])] };
  test("wants any term", () => {
    expect(matchesNodeSelector({ nodeSelectorTerms: [{}, hit] }, node)).toBe(true);
  });
  test("selects nothing without terms", () => {
    expect(matchesNodeSelector({ nodeSelectorTerms: [] }, node)).toBe(false);
  });
});

describe("laws", () => {
  test("In and NotIn are opposites wherever values are given", () => {
    const texts = fc.constantFrom("", "a", "b", "c");
    const labels = fc.dictionary(texts, texts);
    fc.assert(
      fc.property(labels, texts, fc.array(texts, { minLength: 1 }), (given, key, values) => {
        const at = { name: "n", labels: given };
        const holds = (operator: "In" | "NotIn") =>
          matchesNodeSelectorTerm({ matchExpressions: [{ key, operator, values }] }, at);
        expect(holds("In")).toBe(!holds("NotIn"));
      }),
    );
  });
});
