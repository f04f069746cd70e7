import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { facts } from "../../test/support/inventory.ts";
import { matchesLabelSelector } from "../api/match-selector.ts";
import type { NodeFacts } from "../api/node.ts";
import { chooseSelector } from "./selector.ts";

const node = (labels: Readonly<Record<string, string>>, name = "n"): NodeFacts => facts(name, labels);

const type = "node.kubernetes.io/instance-type";
const pool = "cloud.google.com/gke-nodepool";
const arch = "kubernetes.io/arch";
type Labels = Readonly<Record<string, string>>;

describe("the selector of a profile's nodes", () => {
  const cases: [what: string, members: Labels[], others: Labels[], selector: object][] = [
    ["the instance type", [{ [type]: "a" }, { [type]: "a" }], [{ [type]: "b" }], { matchLabels: { [type]: "a" } }],
    [
      "the pool, where one type is in several pools",
      [{ [type]: "a", [pool]: "p" }],
      [{ [type]: "a", [pool]: "q" }],
      { matchLabels: { [pool]: "p" } },
    ],
    [
      "two labels together",
      [{ [pool]: "p", [arch]: "arm64" }],
      [
        { [pool]: "p", [arch]: "amd64" },
        { [pool]: "q", [arch]: "arm64" },
      ],
      { matchLabels: { [pool]: "p", [arch]: "arm64" } },
    ],
    [
      "several instance types",
      [{ [type]: "b" }, { [type]: "a" }],
      [{ [type]: "c" }],
      { matchExpressions: [{ key: type, operator: "In", values: ["a", "b"] }] },
    ],
    [
      "a role",
      [{ "node-role.kubernetes.io/gpu": "" }],
      [{ "node-role.kubernetes.io/worker": "" }],
      { matchLabels: { "node-role.kubernetes.io/gpu": "" } },
    ],
    [
      "a label of one's own before one of discovery",
      [{ "example.com/row": "1", "feature.node.kubernetes.io/cpu-model.id": "85" }],
      [{ "example.com/row": "2", "feature.node.kubernetes.io/cpu-model.id": "79" }],
      { matchLabels: { "example.com/row": "1" } },
    ],
    [
      "a label of discovery",
      [{ "feature.node.kubernetes.io/cpu-model.id": "85" }],
      [{ "feature.node.kubernetes.io/cpu-model.id": "79" }],
      { matchLabels: { "feature.node.kubernetes.io/cpu-model.id": "85" } },
    ],
    ["what all have, where there is only one profile", [{ [arch]: "amd64" }], [], { matchLabels: { [arch]: "amd64" } }],
    [
      "never the host's name, nor a zone, nor what MetaHub wrote",
      [
        {
          "kubernetes.io/hostname": "a",
          "topology.kubernetes.io/zone": "z1",
          "metahub.dev/machine-type": "t",
          "metahub.dev/profile": "old",
        },
      ],
      [{ "kubernetes.io/hostname": "b" }],
      { matchLabels: { "metahub.dev/profile": "0123" } },
    ],
    [
      "never a serial number",
      [{ "example.com/serial": "1" }],
      [{ "example.com/serial": "2" }, { "example.com/serial": "3" }],
      { matchLabels: { "metahub.dev/profile": "0123" } },
    ],
    [
      "the profile, where labels are what every object has",
      [{ constructor: "x" }],
      [{}],
      { matchLabels: { constructor: "x" } },
    ],
    ["the profile, where there are no labels", [{}], [{}], { matchLabels: { "metahub.dev/profile": "0123" } }],
  ];
  test.each(cases)("%s", (_, members, others, selector) => {
    const chosen = chooseSelector(
      members.map((labels) => node(labels)),
      others.map((labels) => node(labels)),
      "0123",
    );
    expect(chosen.selector).toEqual(selector);
  });

  const labels = fc.record(
    {
      [type]: fc.constantFrom("a", "b", "c"),
      [pool]: fc.constantFrom("p", "q"),
      [arch]: fc.constantFrom("amd64", "arm64"),
      "example.com/x": fc.constantFrom("1", "2"),
    },
    { requiredKeys: [] },
  );

  test("fits all of them and no other node, in whatever order they come", () => {
    fc.assert(
      fc.property(fc.array(labels, { minLength: 1 }), fc.array(labels), (mine, theirs) => {
        const members = mine.map((each, index) => node(each, `m${index}`));
        const others = theirs.map((each, index) => node(each, `o${index}`));
        const { selector, by } = chooseSelector(members, others, "0123");
        expect(chooseSelector(members.toReversed(), others.toReversed(), "0123")).toEqual({ selector, by });
        if (by === "profile") return;
        expect(members.every((each) => matchesLabelSelector(selector, each.labels))).toBe(true);
        expect(others.some((each) => matchesLabelSelector(selector, each.labels))).toBe(false);
      }),
    );
  });
});
