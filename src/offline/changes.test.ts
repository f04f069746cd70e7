import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Document } from "yaml";
import { afterPatch } from "../../test/support/admission/patched.ts";
import { steerOperations } from "../admission/steer-patch.ts";
import { parsePod } from "../api/parse-pod.ts";
import { readDocuments } from "../manifests/documents.ts";
import { applyEdits } from "../manifests/edit.ts";
import { editDocument } from "../manifests/edit-document.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import { reviewPod } from "../rewriting/reviewed-pod.ts";
import type { Admitted } from "./admit.ts";
import { changesOf, steeringOf } from "./changes.ts";

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const profiles = ["0a1b2c3d4e5f", "abcdefabcdef"];

function admitted(
  object: object,
  rest: Partial<Admitted["review"]> & { template?: boolean; refused?: boolean },
): Admitted {
  const { template = false, refused = false, decisions = [], steering = [] } = rest;
  const workload = { shown: "Pod/x", namespace: "default", path: [], template, pod: parsePod(object), object };
  return { workload, review: { decisions, steering }, mistakes: [], refused };
}

const pod = { metadata: { name: "x" }, spec: { containers: [{ name: "c", image: "qnib/bench" }] } };
const steering = steerOperations(pod, profiles);
const built = `qnib/bench@sha256:${"a".repeat(64)}`;

function decision(parts: Partial<PodDecision>): PodDecision {
  const [place] = reviewPod(parsePod(pod)).places;
  if (place === undefined) throw new Error("the Pod has an image");
  return { place, code: "selected", machineTypes: [], reason: "r", warn: false, ...parts };
}
const variant = `sha256:${"a".repeat(64)}`;

describe("what is written of a decision", () => {
  const chosen = decision({ image: built, variant });
  const kept = decision({ variant });
  const left = decision({ code: "nodes-differ" });
  const forged = decision({ code: "unproven" });
  const cases: [
    what: string,
    ofPod: readonly string[],
    ofTemplate: readonly string[],
    rest: Parameters<typeof admitted>[1],
  ][] = [
    ["a build", ["image"], ["image"], { decisions: [chosen] }],
    ["no build", [], [], { decisions: [left] }],
    [
      "a build and where it runs",
      ["nodeSelectorTerms", "image"],
      ["nodeSelectorTerms", "image"],
      { decisions: [chosen], steering },
    ],
    ["no build, and where some run", ["nodeSelectorTerms"], [], { decisions: [left], steering }],
    [
      "a build that is there, and where it runs",
      ["nodeSelectorTerms"],
      ["nodeSelectorTerms"],
      { decisions: [kept], steering },
    ],
    [
      "what was asked for in the place of a build, and where some run",
      ["nodeSelectorTerms", "image"],
      ["image"],
      { decisions: [decision({ code: "nodes-differ", image: "qnib/bench:1" })], steering },
    ],
    ["a build that is not proven, and where others run", ["nodeSelectorTerms"], [], { decisions: [forged], steering }],
    ["what admission would refuse", [], [], { decisions: [chosen, decision({ code: "nothing-fits" })], refused: true }],
  ];
  test.each(cases)("%s", (_, ofPod, ofTemplate, rest) => {
    for (const [template, members] of [
      [false, ofPod],
      [true, ofTemplate],
    ] as const) {
      const one = admitted(pod, { ...rest, template });
      const { writes, removals } = changesOf(one);
      expect(writes.map(({ path }) => path.at(-1))).toEqual(members);
      expect(removals).toEqual([]);
      expect(steeringOf(one).length > 0).toBe(members.includes("nodeSelectorTerms"));
    }
  });
});

describe("whatever affinity a Pod has", () => {
  const expressions = fc.array(
    fc.record({ key: fc.constantFrom("pool", "zone"), operator: fc.constant("In"), values: fc.constant(["a", "1"]) }),
    { maxLength: 2 },
  );
  const fields = fc.constant([{ key: "metadata.name", operator: "In", values: ["node1"] }]);
  const term = fc.record({ matchExpressions: expressions, matchFields: fields }, { requiredKeys: [] });
  const preferred = fc.constant([{ weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } }]);
  const nodeAffinity = fc.record(
    {
      [required]: fc.oneof(fc.record({ nodeSelectorTerms: fc.array(term, { maxLength: 3 }) }), fc.constant(null)),
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    },
    { requiredKeys: [] },
  );
  const affinity = fc.oneof(
    fc.record(
      { podAffinity: fc.constant({}), nodeAffinity: fc.oneof(nodeAffinity, fc.constant(null)) },
      { requiredKeys: [] },
    ),
    fc.constant(null),
  );
  const spec = fc.record(
    { containers: fc.constant([{ name: "c", image: "qnib/bench" }]), affinity, restartPolicy: fc.constant("Never") },
    { requiredKeys: ["containers"] },
  );

  test("the document says what the patch says", () => {
    fc.assert(
      fc.property(spec, fc.constantFrom("block", "flow", "json"), fc.constantFrom(2, 4), (given, style, indent) => {
        const object = { metadata: { name: "x" }, spec: given };
        const operations = steerOperations(object, profiles);
        const document = new Document(object, { version: "1.1" });
        if (style === "flow" && "flow" in Object(document.contents))
          Object.assign(Object(document.contents), { flow: true });
        const text =
          style === "json" ? JSON.stringify(object, null, indent) : document.toString({ indent, lineWidth: 0 });
        const [read] = readDocuments(text, "x");
        if (read === undefined) throw new Error("no document");
        const { writes, removals } = changesOf(admitted(object, { steering: operations }));
        const { edits, how, value } = editDocument(text, read, writes, removals);
        const meant = afterPatch(object, operations);
        expect(value).toEqual(meant);
        expect(readDocuments(applyEdits(text, edits), "x")[0]?.value).toEqual(meant);
        // An empty list in a term is the one place that has no style to follow.
        const emptied = given.affinity?.nodeAffinity?.[required]?.nodeSelectorTerms?.some(
          ({ matchExpressions, matchFields }) => matchExpressions?.length === 0 && matchFields !== undefined,
        );
        if (emptied !== true) expect(how).toBe("exact");
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
