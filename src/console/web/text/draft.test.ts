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
  const spec = specOf({ ...emptyDraft, priority: "high", featureLabels: [{ left: "", right: "" }] });
  expect(spec).toEqual({ nodeSelector: {}, priority: "high" });
});

test("other fields that are no object are refused", () => {
  expect(() => specOf({ ...emptyDraft, rest: "[1]" })).toThrow("it must be an object");
  expect(() => specOf({ ...emptyDraft, rest: "{" })).toThrow(SyntaxError);
});
