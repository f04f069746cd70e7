import { expect, test } from "vitest";
import { draftOf, emptyDraft, specOf } from "./draft.ts";

test.each([
  [{ nodeSelector: {} }],
  [{ external: true, features: ["cpu:zen4"] }],
  [{ nodeSelector: { matchLabels: { a: "b", "c.example/d": "" } }, priority: 0 }],
  [
    {
      nodeSelector: {
        matchExpressions: [
          { key: "pool", operator: "In", values: ["a", "b"] },
          { key: "gpu", operator: "Exists" },
        ],
      },
      platform: { os: "linux", architecture: "arm64", variant: "v8" },
    },
  ],
  [
    {
      nodeSelector: {},
      featureLabels: [{ label: "example.com/fabric", namespace: "fabric" }],
      deviceAttributes: [{ driver: "gpu.nvidia.com", attribute: "x", namespace: "nvcap" }],
      nodeTemplate: { labels: { a: "b" }, taints: [{ key: "t", effect: "NoSchedule" }] },
    },
  ],
])("%j comes out of the form as it went in", (spec) => {
  expect(specOf(draftOf("any", spec))).toEqual(spec);
});

test("empty rows do not count, and a priority that is none goes as it is", () => {
  const expressions = [{ key: "", operator: "In", values: "" }];
  const spec = specOf({ ...emptyDraft, expressions, priority: "high", featureLabels: [{ left: "", right: "" }] });
  expect(spec).toEqual({ nodeSelector: {}, priority: "high" });
  expect(specOf({ ...emptyDraft, priority: " " })).toEqual({ nodeSelector: {} });
});

test("only operators that compare have values, and an unsaid variant is not sent", () => {
  const expressions = ["In", "NotIn", "Exists", "DoesNotExist"].map((operator) => ({
    ...{ key: "pool", operator, values: "a,b" },
  }));
  expect(specOf({ ...emptyDraft, expressions, os: "linux", architecture: "amd64" })).toStrictEqual({
    nodeSelector: {
      matchExpressions: [
        { key: "pool", operator: "In", values: ["a", "b"] },
        { key: "pool", operator: "NotIn", values: ["a", "b"] },
        { key: "pool", operator: "Exists" },
        { key: "pool", operator: "DoesNotExist" },
      ],
    },
    platform: { os: "linux", architecture: "amd64" },
  });
});

test("a field has one place in the form, and values that are no texts are shown as they are written", () => {
  const labels = { nodeSelector: { matchLabels: { a: { b: 1 } } }, featureLabels: [{ label: "l", namespace: "n" }] };
  const draft = draftOf("any", { ...labels, nodeTemplate: {} });
  expect(draft.labels).toEqual([{ left: "a", right: '{"b":1}' }]);
  expect(JSON.parse(draft.rest)).toEqual({ nodeTemplate: {} });
});

test("other fields that are no object are refused", () => {
  expect(() => specOf({ ...emptyDraft, rest: "[1]" })).toThrow("it must be an object");
  expect(() => specOf({ ...emptyDraft, rest: "{" })).toThrow(SyntaxError);
});
