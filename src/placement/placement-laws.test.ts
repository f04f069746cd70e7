import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../api/affinity.ts";
import type { Container, Pod, PodSpec } from "../api/pod.ts";
import type { Toleration } from "../api/taints.ts";
import type { Candidate, PlacementContext } from "./candidate.ts";
import { PlacementIndex } from "./placement-index.ts";

// A small vocabulary, so that generated Pods and nodes meet often.
const key = fc.constantFrom("a", "b", "kubernetes.io/hostname", "n");
const value = fc.constantFrom("", "1", "2", "10", "x", "node-1");
const name = fc.constantFrom("node-0", "node-1", "node-2", "type-0");
const resource = fc.constantFrom("nvidia.com/gpu", "example.com/nic", "example.com/dra", "cpu");
const quantity = fc.constantFrom("0", "1", "2", "1500m", "2k");
const effect = fc.constantFrom("NoSchedule", "NoExecute", "PreferNoSchedule");
const taintKey = fc.constantFrom("gpu", "spot", "node.kubernetes.io/not-ready");

const candidates: fc.Arbitrary<Candidate[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("node", "node", "node", "template"),
      labels: fc.dictionary(key, value),
      taints: fc.array(fc.record({ key: taintKey, value: fc.constantFrom("", "v"), effect }), { maxLength: 2 }),
      allocatable: fc.dictionary(resource, quantity),
      profile: fc.constantFrom(..."pqrst").map((id) => ({
        id,
        platform: { os: "linux", architecture: "amd64" },
        features: [],
        accelerators: [],
        notes: [],
      })),
      machineType: fc.constantFrom("m1", "m2"),
    }),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(
      (each, row): Candidate => ({ ...each, kind: each.kind === "node" ? "node" : "template", name: `node-${row}` }),
    ),
  );

const expression: fc.Arbitrary<NodeSelectorRequirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom("In", "NotIn"), values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  fc.record({ key, operator: fc.constantFrom("Exists", "DoesNotExist") }),
  fc.record({ key, operator: fc.constantFrom("Gt", "Lt"), values: fc.array(value, { minLength: 1, maxLength: 1 }) }),
);
const nameField: fc.Arbitrary<NodeSelectorRequirement> = fc.record({
  key: fc.constant("metadata.name"),
  operator: fc.constantFrom("In", "NotIn"),
  values: fc.tuple(name),
});
const term: fc.Arbitrary<NodeSelectorTerm> = fc.record(
  { matchExpressions: fc.array(expression, { maxLength: 2 }), matchFields: fc.array(nameField, { maxLength: 1 }) },
  { requiredKeys: [] },
);
const toleration: fc.Arbitrary<Toleration> = fc.record(
  { key: taintKey, operator: fc.constantFrom("Equal", "Exists"), value: fc.constantFrom("", "v"), effect },
  { requiredKeys: [] },
);
const container: fc.Arbitrary<Container> = fc.record(
  {
    name: fc.constant("c"),
    resources: fc.record({ requests: fc.dictionary(resource, quantity, { maxKeys: 2 }) }),
    restartPolicy: fc.constant("Always"),
  },
  { requiredKeys: ["name"] },
);
const spec: fc.Arbitrary<PodSpec> = fc.record(
  {
    nodeSelector: fc.dictionary(key, value, { maxKeys: 1 }),
    affinity: fc.record({
      nodeAffinity: fc.record({
        requiredDuringSchedulingIgnoredDuringExecution: fc.record({
          nodeSelectorTerms: fc.array(term, { maxLength: 3 }),
        }),
      }),
    }),
    tolerations: fc.array(toleration, { maxLength: 3 }),
    containers: fc.array(container, { maxLength: 2 }),
    initContainers: fc.array(container, { maxLength: 3 }),
    runtimeClassName: fc.constantFrom("kata", "none"),
  },
  { requiredKeys: [] },
);
const anySpec = fc.oneof(
  { weight: 9, arbitrary: spec },
  { weight: 1, arbitrary: name.map((nodeName) => ({ nodeName })) },
);

const context: PlacementContext = {
  deviceClassResources: new Set(["example.com/dra"]),
  runtimeClasses: new Map([["kata", { nodeSelector: { a: "1" }, tolerations: [{ key: "spot", operator: "Exists" }] }]]),
};

/** The rules written down once more, one node at a time, sharing no code with the room. */
function fits(pod: PodSpec, candidate: Candidate): boolean {
  const own = candidate.kind === "node" ? candidate.name : "";
  if (pod.nodeName) return own === pod.nodeName;
  const runtime = pod.runtimeClassName === "kata";
  const wanted = [...Object.entries(pod.nodeSelector ?? {}), ...(runtime ? [["a", "1"] as const] : [])];
  if (!wanted.every(([label, text]) => candidate.labels[label] === text)) return false;
  const required = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required && !required.nodeSelectorTerms.some((each) => fitsTerm(each, own, candidate.labels))) return false;
  const tolerations = [...(pod.tolerations ?? []), ...(runtime ? [{ key: "spot", operator: "Exists" }] : [])];
  for (const taint of candidate.taints) {
    if (taint.effect === "PreferNoSchedule" || taint.key.startsWith("node.kubernetes.io/")) continue;
    const tolerated = tolerations.some(
      (each: Toleration) =>
        (!each.effect || each.effect === taint.effect) &&
        (!each.key || each.key === taint.key) &&
        (each.operator === "Exists" || (each.value ?? "") === (taint.value ?? "")),
    );
    if (!tolerated) return false;
  }
  return ["nvidia.com/gpu", "example.com/nic"].every((each) => asked(pod, each) <= units(candidate.allocatable[each]));
}

function fitsTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  own: string,
  labels: Candidate["labels"],
) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => fitsValue(each, labels[each.key])) &&
    matchFields.every(({ operator, values = [] }) => (operator === "In") === (values[0] === own))
  );
}

function fitsValue({ operator, values = [] }: NodeSelectorRequirement, text: string | undefined): boolean {
  if (operator === "Exists") return text !== undefined;
  if (operator === "DoesNotExist") return text === undefined;
  if (operator === "NotIn") return text === undefined || !values.includes(text);
  if (text === undefined) return false;
  if (operator === "In") return values.includes(text);
  const [left, right] = [text, values[0] ?? ""].map((each) => (/^\d+$/.test(each) ? Number(each) : Number.NaN));
  return left !== undefined && right !== undefined && (operator === "Gt" ? left > right : left < right);
}

const quantityUnits: Record<string, number> = { "0": 0, "1": 1, "2": 2, "1500m": 2, "2k": 2000 };
function units(text: string | undefined): number {
  return text === undefined ? 0 : (quantityUnits[text] ?? Number.NaN);
}

/** KEP-753: at every moment of a Pod's life, what runs then; the largest of these. */
function asked(pod: PodSpec, each: string): number {
  const of = (one: Container) => units(one.resources?.requests?.[each]);
  let sidecars = 0;
  let most = 0;
  for (const one of pod.initContainers ?? []) {
    most = Math.max(most, sidecars + of(one));
    if (one.restartPolicy === "Always") sidecars += of(one);
  }
  return Math.max(
    most,
    (pod.containers ?? []).reduce((sum, one) => sum + of(one), sidecars),
  );
}

function podOf(podSpec: PodSpec): Pod {
  return { metadata: {}, spec: podSpec };
}
function idsOf(list: readonly Candidate[]): string[] {
  return [...new Set(list.map(({ profile }) => profile.id))].sort();
}
function placed(index: PlacementIndex, podSpec: PodSpec): string[] {
  return index
    .place(podOf(podSpec))
    .profiles.map(({ profile }) => profile.id)
    .sort();
}
const runs = { numRuns: 1000 };

describe("laws of placement", () => {
  test("finds what the rules find, node by node", () => {
    fc.assert(
      fc.property(candidates, fc.array(anySpec, { minLength: 1, maxLength: 4 }), (list, specs) => {
        const index = new PlacementIndex(list, context);
        for (const each of specs) {
          const expected = list.filter((candidate) => fits(each, candidate));
          const placement = index.place(podOf(each));
          expect(placed(index, each)).toEqual(idsOf(expected));
          expect(placement.nodes).toBe(expected.filter(({ kind }) => kind === "node").length);
          expect(placement.templates).toBe(expected.filter(({ kind }) => kind === "template").length);
          for (const { profile, machineTypes, example } of placement.profiles) {
            const same = expected.filter((candidate) => candidate.profile.id === profile.id);
            expect(machineTypes).toEqual([...new Set(same.map(({ machineType }) => machineType))].sort());
            expect(same.find(({ kind }) => kind === example.kind)?.name).toBe(example.name);
          }
        }
      }),
      runs,
    );
  });

  test("answers after a change of nodes as an index built afresh", () => {
    fc.assert(
      fc.property(
        candidates,
        candidates,
        fc.array(anySpec, { maxLength: 4 }),
        fc.infiniteStream(fc.boolean()),
        (before, other, specs, keep) => {
          let index = new PlacementIndex(before, context);
          for (const each of specs) index.place(podOf(each));
          const kept = before.filter(() => keep.next().value);
          const changed = [
            ...other.slice(0, 2).filter(({ name: own }) => !kept.some((each) => each.name === own)),
            ...kept,
          ];
          for (const list of [changed, before]) {
            index = PlacementIndex.from(index, list, context);
            const fresh = new PlacementIndex(list, context);
            for (const each of specs) expect(index.place(podOf(each))).toEqual(fresh.place(podOf(each)));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("does not depend on the order of the candidates", () => {
    fc.assert(
      fc.property(candidates, anySpec, (list, each) => {
        expect(placed(new PlacementIndex(list.toReversed(), context), each)).toEqual(
          placed(new PlacementIndex(list, context), each),
        );
      }),
    );
  });

  test("grows with a toleration and shrinks with a label", () => {
    fc.assert(
      fc.property(candidates, spec, toleration, key, value, (list, each, more, label, text) => {
        const index = new PlacementIndex(list, context);
        const all = placed(index, each);
        expect(placed(index, { ...each, tolerations: [...(each.tolerations ?? []), more] })).toEqual(
          expect.arrayContaining(all),
        );
        if (each.nodeSelector === undefined || !Object.hasOwn(each.nodeSelector, label)) {
          const narrow = placed(index, { ...each, nodeSelector: { ...each.nodeSelector, [label]: text } });
          expect(all).toEqual(expect.arrayContaining(narrow));
        }
      }),
    );
  });
});
