import fc from "fast-check";
import { expect, test } from "vitest";
import { afterPatch } from "../../test/support/admission/patched.ts";
import { matchesNodeSelector } from "../api/affinity.ts";
import { parsePod } from "../api/parse-pod.ts";
import { steeredAffinity, steerOperations } from "./steer-patch.ts";

const requirement = { key: "metahub.dev/profile", operator: "In", values: ["a", "b"] };
const required = "requiredDuringSchedulingIgnoredDuringExecution";
const steered = (affinity?: unknown): unknown => {
  const pod = { spec: { ...(affinity === undefined ? {} : { affinity }), containers: [] } };
  const result = afterPatch(pod, steerOperations(pod, ["a", "b"]));
  return JSON.parse(JSON.stringify(result)).spec.affinity;
};
const terms = (...nodeSelectorTerms: readonly object[]) => ({ nodeAffinity: { [required]: { nodeSelectorTerms } } });
const zone = { key: "zone", operator: "In", values: ["x"] };
const name = { key: "metadata.name", operator: "In", values: ["node1"] };
const others = { podAntiAffinity: { [required]: [{ topologyKey: "zone" }] } };
const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }] };

test.each<[string, unknown, unknown]>([
  ["no affinity", undefined, terms({ matchExpressions: [requirement] })],
  ["null", null, terms({ matchExpressions: [requirement] })],
  ["affinity to Pods only", others, { ...others, ...terms({ matchExpressions: [requirement] }) }],
  [
    "preferences only",
    { nodeAffinity: preferred },
    { nodeAffinity: { ...preferred, [required]: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } } },
  ],
  ["one term", terms({ matchExpressions: [zone] }), terms({ matchExpressions: [zone, requirement] })],
  [
    "several terms, of which every one gets it",
    terms({ matchExpressions: [zone] }, { matchExpressions: [zone, zone] }),
    terms({ matchExpressions: [zone, requirement] }, { matchExpressions: [zone, zone, requirement] }),
  ],
  [
    "the DaemonSet controller's",
    terms({ matchFields: [name] }),
    terms({ matchFields: [name], matchExpressions: [requirement] }),
  ],
  [
    "an empty list of expressions beside fields",
    terms({ matchFields: [name], matchExpressions: [] }),
    terms({ matchFields: [name], matchExpressions: [requirement] }),
  ],
  [
    "a term that selects nothing goes on selecting nothing",
    terms({}, { matchExpressions: [] }, { matchExpressions: [zone] }),
    terms({}, { matchExpressions: [] }, { matchExpressions: [zone, requirement] }),
  ],
  ["a selector without terms, which the API server refuses", terms(), terms()],
])("%s", (_, before, after) => {
  expect(steered(before)).toEqual(after);
});

const expression = fc.record({
  key: fc.constantFrom("zone", "pool", "metahub.dev/profile"),
  operator: fc.constantFrom("In" as const, "NotIn" as const, "Exists" as const),
  values: fc.constantFrom(["x"], ["a"], ["x", "a"]),
});
const term = fc.record(
  {
    matchExpressions: fc.array(expression, { maxLength: 2 }),
    matchFields: fc.array(
      fc.record({
        key: fc.constant("metadata.name"),
        operator: fc.constantFrom("In" as const, "NotIn" as const),
        values: fc.constantFrom(["n1"], ["n2"]),
      }),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
);
const node = fc.record({
  name: fc.constantFrom("n1", "n2"),
  labels: fc.dictionary(fc.constantFrom("zone", "pool", "metahub.dev/profile"), fc.constantFrom("x", "a", "b", "c")),
});

test("a node is selected exactly where it was before and has one of the profiles", () => {
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 3 }), node, (given, candidate) => {
      const selector = parsePod({ spec: { affinity: steered(terms(...given)) } }).spec.affinity?.nodeAffinity?.[
        required
      ];
      const before = matchesNodeSelector({ nodeSelectorTerms: given }, candidate);
      const profile = candidate.labels["metahub.dev/profile"] ?? "";
      expect(selector !== undefined && matchesNodeSelector(selector, candidate)).toBe(
        before && ["a", "b"].includes(profile),
      );
    }),
    { numRuns: 300 },
  );
});

test("the affinity that is decided with is the one that the patch makes", () => {
  const given = fc.oneof(
    fc.constantFrom(undefined, null, {}, { nodeAffinity: null }, others, { nodeAffinity: preferred }),
    fc.array(term, { maxLength: 3 }).map((list) => terms(...list)),
  );
  const affinityOf = (affinity: unknown) => parsePod({ spec: { affinity } }).spec.affinity;
  fc.assert(
    fc.property(given, (affinity) => {
      const own = steeredAffinity(affinityOf(affinity), ["a", "b"]);
      expect(own).toEqual(affinityOf(steered(affinity)));
    }),
    { numRuns: 300 },
  );
});
