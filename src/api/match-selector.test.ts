import { describe, expect, test } from "vitest";
import { matchesLabelSelector } from "./match-selector.ts";
import type { LabelSelector } from "./selector.ts";

const labels = { pool: "gpu", empty: "" };

const rows: readonly (readonly [string, LabelSelector, boolean])[] = [
  ["an empty selector", {}, true],
  ["a label", { matchLabels: { pool: "gpu" } }, true],
  ["another value", { matchLabels: { pool: "cpu" } }, false],
  ["a missing label", { matchLabels: { rack: "" } }, false],
  ["an empty value", { matchLabels: { empty: "" } }, true],
  ["a key that every object has", { matchExpressions: [{ key: "constructor", operator: "Exists" }] }, false],
  ["In", { matchExpressions: [{ key: "pool", operator: "In", values: ["a", "gpu"] }] }, true],
  ["In with a missing key", { matchExpressions: [{ key: "rack", operator: "In", values: ["gpu"] }] }, false],
  ["NotIn", { matchExpressions: [{ key: "pool", operator: "NotIn", values: ["gpu"] }] }, false],
  ["NotIn with a missing key", { matchExpressions: [{ key: "rack", operator: "NotIn", values: ["gpu"] }] }, true],
  ["Exists", { matchExpressions: [{ key: "empty", operator: "Exists" }] }, true],
  ["DoesNotExist", { matchExpressions: [{ key: "pool", operator: "DoesNotExist" }] }, false],
  ["DoesNotExist with a missing key", { matchExpressions: [{ key: "rack", operator: "DoesNotExist" }] }, true],
  [
    "labels and expressions",
    { matchLabels: { pool: "gpu" }, matchExpressions: [{ key: "rack", operator: "Exists" }] },
    false,
  ],
];

describe("matchesLabelSelector", () => {
  test.each(rows)("%s", (_, selector, expected) => {
    expect(matchesLabelSelector(selector, labels)).toBe(expected);
  });
});
