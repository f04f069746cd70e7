import fc from "fast-check";
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../../../src/api/affinity.ts";
import { anyNodeName, labelVocabulary, nowhere } from "./vocabulary.ts";

const keys = Object.keys(labelVocabulary);
const key = fc.constantFrom(...keys, "example.com/absent");

/** A label of some nodes; one in eight of no node. */
export const labelPair: fc.Arbitrary<readonly [string, string]> = fc
  .constantFrom(...keys)
  .chain((each) =>
    fc.tuple(
      fc.constant(each),
      fc.oneof(
        { weight: 7, arbitrary: fc.constantFrom(...(labelVocabulary[each] ?? [])) },
        { weight: 1, arbitrary: fc.constant(nowhere) },
      ),
    ),
  );

const listed: fc.Arbitrary<NodeSelectorRequirement> = fc.constantFrom(...keys).chain((each) =>
  fc.record({
    key: fc.constant(each),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.uniqueArray(fc.constantFrom(...(labelVocabulary[each] ?? []), nowhere), { minLength: 1, maxLength: 3 }),
  }),
);

const existing: fc.Arbitrary<NodeSelectorRequirement> = fc.record({
  key,
  operator: fc.constantFrom("Exists", "DoesNotExist"),
});

/** Bounds that the API server takes and the scheduler cannot read are among them: `x16`, and one past 64 bits. */
const compared: fc.Arbitrary<NodeSelectorRequirement> = fc.record({
  key: fc.oneof({ weight: 6, arbitrary: fc.constant("example.com/cores") }, { weight: 1, arbitrary: key }),
  operator: fc.constantFrom("Gt", "Lt"),
  values: fc.tuple(fc.constantFrom(...(labelVocabulary["example.com/cores"] ?? []), "0", "3", "15", "1000")),
});

const host: fc.Arbitrary<NodeSelectorRequirement> = fc.record({
  key: fc.constant("kubernetes.io/hostname"),
  operator: fc.constantFrom("In", "NotIn"),
  values: fc.uniqueArray(anyNodeName, { minLength: 1, maxLength: 9 }),
});

export const expression = fc.oneof(
  { weight: 3, arbitrary: listed },
  { weight: 2, arbitrary: existing },
  { weight: 3, arbitrary: compared },
  { weight: 1, arbitrary: host },
);

/** As DaemonSets have it. The API knows this field, these operators and one value only. */
const namedNode: fc.Arbitrary<NodeSelectorRequirement> = fc.record({
  key: fc.constant("metadata.name"),
  operator: fc.constantFrom("In", "NotIn"),
  values: fc.tuple(anyNodeName),
});

/** An empty one, too: it selects nothing (core/v1 NodeSelectorTerm). */
const term: fc.Arbitrary<NodeSelectorTerm> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ matchFields: fc.array(namedNode, { minLength: 1, maxLength: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }),
      matchFields: fc.tuple(namedNode),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({}, { matchExpressions: [] }, { matchFields: [] }) },
);

export const terms = fc.oneof(
  { weight: 3, arbitrary: fc.array(term, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(term, { minLength: 2, maxLength: 3 }) },
);
