import fc from "fast-check";
import type { NodeSelectorRequirement, NodeSelectorTerm } from "../../../src/api/affinity.ts";
import type { PodSpec } from "../../../src/api/pod.ts";
import { expression, labelPair, terms } from "./affinity.ts";
import { runtimeClasses } from "./classes.ts";
import { claiming, extended, plain, served } from "./containers.ts";
import { draw } from "./seed.ts";
import { toleration, transientToleration } from "./tolerations.ts";
import { guardCount, guardLabel, nodeName, sometimes, stateLabel, states, transientRows } from "./vocabulary.ts";

/** A Pod that is made to try one rule, or several together. */
export interface OraclePod {
  readonly name: string;
  readonly rule: string;
  readonly spec: PodSpec;
  /** An addition to the Pod while its gate holds it back; undefined where there is none. */
  readonly narrowing?: PodSpec;
}

type Part = fc.Arbitrary<PodSpec>;

const selector = (least: number, most: number): Part =>
  fc
    .uniqueArray(labelPair, { selector: ([key]) => key, minLength: least, maxLength: most })
    .map((pairs) => ({ nodeSelector: Object.fromEntries(pairs) }));

const affinity: Part = terms.map(required);

function required(nodeSelectorTerms: readonly NodeSelectorTerm[]): PodSpec {
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}

const tolerations: Part = fc.array(toleration, { maxLength: 5 }).map((each) => ({ tolerations: each }));

/** Where there are taints. */
const guarded: Part = fc
  .integer({ min: 0, max: guardCount - 1 })
  .map((each) => ({ nodeSelector: { [guardLabel]: `${each}` } }));

/** Where nodes come and go. */
const transient: Part = fc.record({
  nodeSelector: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...states).map((each) => ({ [stateLabel]: each })) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(...transientRows).map((row) => ({ "kubernetes.io/hostname": nodeName(row) })),
    },
  ),
  tolerations: fc.array(transientToleration, { maxLength: 2 }),
});

const runtimeClass: Part = fc
  .constantFrom(...Object.keys(runtimeClasses))
  .map((runtimeClassName) => ({ runtimeClassName }));

const nothing: Part = fc.constant({});

/** Each part with this chance out of 100. No two of them may set the same field. */
function together(...parts: readonly (readonly [percent: number, part: Part])[]): Part {
  const some = parts.map(([percent, part]) => sometimes(percent, part));
  return fc.tuple(...some).map((chosen) => Object.assign({}, ...chosen.filter((part) => part !== undefined)));
}

interface Rule {
  readonly pods: number;
  readonly spec: Part;
}

/** Pods of one rule alone show that rule's mistakes; `mixed` shows those of rules together. */
const rules: Readonly<Record<string, Rule>> = {
  nodeSelector: { pods: 40, spec: together([100, plain], [100, selector(1, 4)]) },
  nodeAffinity: { pods: 100, spec: together([100, plain], [100, affinity], [20, selector(1, 1)]) },
  taints: { pods: 60, spec: together([100, plain], [100, guarded], [100, tolerations]) },
  transientTaints: { pods: 30, spec: together([100, plain], [100, transient]) },
  resources: { pods: 60, spec: together([100, extended], [30, tolerations]) },
  claims: { pods: 30, spec: together([100, claiming], [30, tolerations]) },
  servedResources: { pods: 30, spec: together([100, served], [30, tolerations]) },
  runtimeClass: {
    pods: 40,
    spec: together([100, plain], [100, runtimeClass], [50, guarded], [30, tolerations]),
  },
  mixed: {
    pods: 40,
    spec: together(
      [100, fc.oneof(plain, extended, served, claiming)],
      [40, affinity],
      [40, selector(1, 1)],
      [60, tolerations],
      [30, runtimeClass],
    ),
  },
};

const gatedShare = 35;
const gatedSpec = together([100, plain], [100, fc.oneof(selector(1, 2), guarded, affinity)], [50, tolerations]);

export function podsOf(seed: number): readonly OraclePod[] {
  const pods: OraclePod[] = [];
  for (const [rule, { pods: count, spec }] of Object.entries(rules)) {
    for (const [index, each] of draw(seed, rule, count, spec).entries()) {
      pods.push({ name: `${rule.toLowerCase()}-${index}`, rule, spec: each });
    }
  }
  const gated = fc.tuple(gatedSpec, fc.oneof(nothing, selector(1, 1), affinity), expression);
  for (const [index, [base, more, extra]] of draw(seed, "gates", gatedShare, gated).entries()) {
    const spec = { ...base, schedulingGates: [{ name: "example.com/hold" }] };
    pods.push({ name: `gates-${index}`, rule: "gates", spec, ...narrowed(base, more, extra) });
  }
  return pods;
}

/**
 * While a Pod is gated, labels may be added to its selector, and requirements to each term of its affinity that has any
 * (KEP-3838; validateNodeSelectorMutation and validateNodeAffinityMutation of the API server).
 */
function narrowed(
  { nodeSelector = {}, affinity }: PodSpec,
  more: PodSpec,
  extra: NodeSelectorRequirement,
): Pick<OraclePod, "narrowing"> {
  if (more.nodeSelector !== undefined)
    return { narrowing: { nodeSelector: { ...more.nodeSelector, ...nodeSelector } } };
  if (more.affinity === undefined) return {};
  const own = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (own === undefined) return { narrowing: more };
  const terms = own.map((term) => {
    const { matchExpressions = [], matchFields = [] } = term;
    if (matchExpressions.length + matchFields.length === 0) return term;
    return { ...term, matchExpressions: [...matchExpressions, extra] };
  });
  return { narrowing: required(terms) };
}
