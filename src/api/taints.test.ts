import { describe, expect, test } from "vitest";
import type { Taint } from "./node.ts";
import { repels, type Toleration, toleratesTaint } from "./taints.ts";

const taint: Taint = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" };
const number: Taint = { key: "sla", value: "950", effect: "NoSchedule" };

// The rule: core/v1 Toleration.ToleratesTaint.
const rows: readonly (readonly [Toleration, Taint, boolean])[] = [
  [{ key: "nvidia.com/gpu", operator: "Exists" }, taint, true],
  [{ key: "nvidia.com/gpu", value: "present" }, taint, true],
  [{ key: "nvidia.com/gpu", operator: "Equal", value: "absent" }, taint, false],
  [{ key: "nvidia.com/gpu" }, taint, false],
  [{ key: "nvidia.com/gpu" }, { key: "nvidia.com/gpu", effect: "NoSchedule" }, true],
  [{ operator: "Exists" }, taint, true],
  [{ operator: "Exists", effect: "NoSchedule" }, taint, true],
  [{ operator: "Exists", effect: "NoExecute" }, taint, false],
  [{ key: "other", operator: "Exists" }, taint, false],
  [{ key: "nvidia.com/gpu", operator: "Sometimes" }, taint, false],
  [{ key: "sla", operator: "Gt", value: "900" }, number, true],
  [{ key: "sla", operator: "Gt", value: "950" }, number, false],
  [{ key: "sla", operator: "Lt", value: "951" }, number, true],
  [{ key: "sla", operator: "Lt", value: "0951" }, number, false],
  [{ key: "nvidia.com/gpu", operator: "Lt", value: "1" }, taint, false],
];

describe("toleratesTaint", () => {
  test.each(rows)("%j on %j: %s", (toleration, given, expected) => {
    expect(toleratesTaint(toleration, given)).toBe(expected);
  });
});

describe("repels", () => {
  test.each([
    ["NoSchedule", [], true],
    ["NoExecute", [], true],
    ["PreferNoSchedule", [], false],
    ["NoSchedule", [{ key: "other", operator: "Exists" }, { operator: "Exists" }], false],
  ])("%s with %j: %s", (effect, tolerations, expected) => {
    expect(repels({ key: "a", effect }, tolerations)).toBe(expected);
  });
});
