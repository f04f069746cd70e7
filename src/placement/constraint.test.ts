import { describe, expect, test } from "vitest";
import type { Pod, PodSpec } from "../api/pod.ts";
import type { PlacementContext } from "./candidate.ts";
import { constraintOf } from "./constraint.ts";

const context: PlacementContext = {
  deviceClassResources: new Set(["example.com/dra"]),
  runtimeClasses: new Map([
    ["kata", { nodeSelector: { kata: "true" }, tolerations: [{ key: "kata", operator: "Exists" }] }],
  ]),
};

function pod(spec: PodSpec): Pod {
  return { metadata: {}, spec };
}
function keyOf(spec: PodSpec): string {
  return constraintOf(pod(spec), context).key;
}

describe("constraintOf", () => {
  const expressions = [{ key: "a", operator: "Exists" as const }];
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: expressions }] },
    },
  };
  const same: [string, PodSpec, PodSpec][] = [
    ["images and names", { containers: [{ name: "a", image: "x" }] }, { containers: [{ name: "b", image: "y" }] }],
    ["the order of the node selector", { nodeSelector: { a: "1", b: "2" } }, { nodeSelector: { b: "2", a: "1" } }],
    ["an empty nodeName", { nodeName: "" }, {}],
    ["device claims", { resourceClaims: [{ name: "c" }] }, {}],
    ["scheduling gates", { schedulingGates: [{ name: "g" }] }, {}],
    [
      "the tolerations that every Pod gets",
      {
        tolerations: [
          { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
        ],
      },
      {},
    ],
    [
      "tolerations of PreferNoSchedule",
      { tolerations: [{ key: "a", operator: "Exists", effect: "PreferNoSchedule" }] },
      {},
    ],
    [
      "the order and number of tolerations",
      { tolerations: [{ key: "a" }, { key: "b", operator: "Equal" }] },
      { tolerations: [{ key: "b" }, { key: "a" }, { key: "a", effect: "" }] },
    ],
    [
      "a resource that a DeviceClass serves",
      { containers: [{ name: "c", resources: { limits: { "example.com/dra": "1" } } }] },
      {},
    ],
    ["an unknown runtime class", { runtimeClassName: "gvisor" }, {}],
    [
      "what the RuntimeClass plugin has merged already",
      { runtimeClassName: "kata", nodeSelector: { kata: "true" }, tolerations: [{ key: "kata", operator: "Exists" }] },
      { runtimeClassName: "kata" },
    ],
    ["everything else of a Pod with a nodeName", { nodeName: "n", nodeSelector: { a: "1" } }, { nodeName: "n" }],
  ];
  test.each(same)("is the same whatever are %s", (_what, left, right) => {
    expect(keyOf(left)).toBe(keyOf(right));
  });

  const different: [string, PodSpec, PodSpec][] = [
    ["node selectors", { nodeSelector: { a: "1" } }, { nodeSelector: { a: "2" } }],
    ["affinity", { affinity }, {}],
    [
      "no terms and no affinity",
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
      {},
    ],
    ["tolerations", { tolerations: [{ key: "a" }] }, {}],
    ["requests", { containers: [{ name: "c", resources: { limits: { "nvidia.com/gpu": "1" } } }] }, {}],
    ["runtime classes", { runtimeClassName: "kata" }, {}],
    ["a name and a label of the same text", { nodeName: "a" }, { nodeSelector: { a: "" } }],
    ["where one label ends and the next begins", { nodeSelector: { a: "b=c" } }, { nodeSelector: { "a=b": "c" } }],
  ];
  test.each(different)("tells apart %s", (_what, left, right) => {
    expect(keyOf(left)).not.toBe(keyOf(right));
  });

  test("drops rules that are too long to evaluate, and says so", () => {
    const many = Array.from({ length: 600 }, (_, index) => `k${index}`);
    const constraint = constraintOf(
      pod({
        nodeSelector: Object.fromEntries(many.map((key) => [key, "x"])),
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: many.map((key) => ({ matchExpressions: [{ key, operator: "Exists" }] })),
            },
          },
        },
        tolerations: many.map((key) => ({ key })),
      }),
      context,
    );
    expect(constraint.nodeSelector).toEqual([]);
    expect(constraint.terms).toBeUndefined();
    expect(constraint.tolerations).toEqual([{ operator: "Exists" }]);
    expect(constraint.ignored).toHaveLength(3);
  });
});
