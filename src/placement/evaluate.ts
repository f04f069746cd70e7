import { matchesNodeSelectorTerm, type NodeSelectorRequirement, type NodeSelectorTerm } from "../api/affinity.ts";
import { toleratesTaint } from "../api/taints.ts";
import { shorten } from "../text/shorten.ts";
import type { Candidate } from "./candidate.ts";
import type { Constraint } from "./constraint.ts";
import { type Groupings, nodeName } from "./groupings.ts";
import type { Partition } from "./partition.ts";
import type { PlacementRule, PlacementStep } from "./placement.ts";
import { parseQuantity } from "./quantity.ts";
import { describeTerms, longestText } from "./reason.ts";
import { lastingTaints } from "./taints.ts";

export interface Evaluation {
  /** Rows of the candidates that fit, ascending. */
  readonly rows: Uint32Array;
  /** The rules that were applied; none after the one that left nothing. */
  readonly steps: readonly PlacementStep[];
}

/** Applies the constraint's rules, one after the other, to what the rules before have left of all candidates. */
export function evaluate(
  constraint: Constraint,
  groupings: Groupings,
  transientTaints: ReadonlySet<string> | undefined,
): Evaluation {
  const steps: PlacementStep[] = [];
  let rows = groupings.rows;
  for (const { rule, text, apply } of rulesOf(constraint, groupings, transientTaints)) {
    const left = apply(rows);
    steps.push({ rule, text: shorten(text(rows, left), longestText), left: left.length });
    rows = left;
    if (rows.length === 0) break;
  }
  return { rows, steps };
}

interface Rule {
  readonly rule: PlacementRule;
  readonly text: (before: Uint32Array, left: Uint32Array) => string;
  readonly apply: (rows: Uint32Array) => Uint32Array;
}

function* rulesOf(
  constraint: Constraint,
  groupings: Groupings,
  transientTaints: ReadonlySet<string> | undefined,
): Generator<Rule> {
  const { nodeName: bound, nodeSelector, terms, requests, tolerations } = constraint;
  if (bound !== undefined) {
    const text = () => `nodeName ${bound}`;
    yield { rule: "nodeName", text, apply: (rows) => keepIn(rows, groupings.byName(), [bound]) };
    return;
  }
  for (const [key, value] of nodeSelector) {
    const text = () => `nodeSelector ${key}=${value}`;
    yield { rule: "nodeSelector", text, apply: (rows) => keepIn(rows, groupings.byLabel(key), [value]) };
  }
  if (terms !== undefined) {
    const text = () => describeTerms(terms);
    yield { rule: "nodeAffinity", text, apply: (rows) => keepTerms(rows, groupings, terms) };
  }
  for (const [resource, amount] of requests) {
    const enough = (candidate: Candidate) => has(candidate, resource, amount);
    const text = () => `${resource} ${amount}`;
    yield { rule: "resources", text, apply: (rows) => keepIf(rows, groupings, groupings.byResource(resource), enough) };
  }
  const tolerated = ({ taints }: Candidate) =>
    lastingTaints(taints, transientTaints).every((taint) =>
      tolerations.some((toleration) => toleratesTaint(toleration, taint)),
    );
  yield {
    rule: "taints",
    text: (before, left) => describeTaints(firstRefused(before, left, groupings), transientTaints),
    apply: (rows) => keepIf(rows, groupings, groupings.byTaints(), tolerated),
  };
}

/** Terms are ORed; without any, or with only empty ones, nothing fits. */
function keepTerms(rows: Uint32Array, groupings: Groupings, terms: readonly NodeSelectorTerm[]): Uint32Array {
  const results: Uint32Array[] = [];
  for (const { matchExpressions = [], matchFields = [] } of terms) {
    if (matchExpressions.length === 0 && matchFields.length === 0) continue;
    let left = rows;
    for (const requirement of matchExpressions) left = keepLabel(left, groupings, requirement);
    for (const requirement of matchFields) left = keepField(left, groupings, requirement);
    results.push(left);
  }
  const [first = new Uint32Array(0), ...others] = results;
  if (others.length === 0) return first;
  const any = new Uint8Array(groupings.candidates.length);
  for (const result of results) for (const row of result) any[row] = 1;
  return rows.filter((row) => any[row] === 1);
}

function keepLabel(rows: Uint32Array, groupings: Groupings, requirement: NodeSelectorRequirement): Uint32Array {
  const { key, operator, values = [] } = requirement;
  const partition = groupings.byLabel(key);
  // In and NotIn by look-up: a Pod may list thousands of values (host names).
  if (operator === "In") return keepIn(rows, partition, values);
  if (operator === "NotIn") return keepNotIn(rows, partition, values);
  const term: NodeSelectorTerm = { matchExpressions: [requirement] };
  return keepIf(rows, groupings, partition, (candidate) => matchesNodeSelectorTerm(term, candidate));
}

function keepField(rows: Uint32Array, groupings: Groupings, requirement: NodeSelectorRequirement): Uint32Array {
  const { key, operator, values = [] } = requirement;
  const partition = groupings.byName();
  if (key === "metadata.name" && values.length === 1) {
    if (operator === "In") return keepIn(rows, partition, values);
    if (operator === "NotIn") return keepNotIn(rows, partition, values);
  }
  // What the API does not know selects nothing today; the shared rule says so, not this room.
  const term: NodeSelectorTerm = { matchFields: [requirement] };
  return keepIf(rows, groupings, partition, (candidate) =>
    matchesNodeSelectorTerm(term, { name: nodeName(candidate), labels: candidate.labels }),
  );
}

/** An amount that cannot be read counts as enough: a set that is too large is the safe mistake. */
function has(candidate: Candidate, resource: string, amount: bigint): boolean {
  if (!Object.hasOwn(candidate.allocatable, resource)) return false;
  const available = parseQuantity(String(candidate.allocatable[resource]));
  return available === undefined || available >= amount;
}

function keepIn(rows: Uint32Array, partition: Partition, values: readonly string[]): Uint32Array {
  const accepted = new Uint8Array(partition.size);
  mark(accepted, partition, values, 1);
  return keep(rows, partition, accepted);
}

function keepNotIn(rows: Uint32Array, partition: Partition, values: readonly string[]): Uint32Array {
  const accepted = new Uint8Array(partition.size).fill(1);
  mark(accepted, partition, values, 0);
  return keep(rows, partition, accepted);
}

function mark(accepted: Uint8Array, partition: Partition, values: readonly string[], bit: 0 | 1): void {
  for (const value of values) {
    const group = partition.groupOf(value);
    if (group !== undefined) accepted[group] = bit;
  }
}

function keep(rows: Uint32Array, { groups }: Partition, accepted: Uint8Array): Uint32Array {
  const left = new Uint32Array(rows.length);
  let count = 0;
  for (const row of rows) if (accepted[groups[row] ?? 0] === 1) left[count++] = row;
  return left.subarray(0, count);
}

/** As `keep`; the rule is asked once for each group that still has candidates. */
function keepIf(
  rows: Uint32Array,
  { candidates }: Groupings,
  partition: Partition,
  rule: (candidate: Candidate) => boolean,
): Uint32Array {
  const accepted = new Uint8Array(partition.size);
  const asked = new Uint8Array(partition.size);
  for (const row of rows) {
    const group = partition.groups[row] ?? 0;
    if (asked[group] === 1) continue;
    asked[group] = 1;
    const candidate = candidates[row];
    if (candidate !== undefined && rule(candidate)) accepted[group] = 1;
  }
  return keep(rows, partition, accepted);
}

function firstRefused(before: Uint32Array, left: Uint32Array, { candidates }: Groupings): Candidate | undefined {
  const position = before.findIndex((row, index) => row !== left[index]);
  return candidates[before[position] ?? -1];
}

function describeTaints(refused: Candidate | undefined, transientTaints: ReadonlySet<string> | undefined): string {
  if (refused === undefined) return "taints";
  const texts = lastingTaints(refused.taints, transientTaints).map(
    ({ key, value, effect }) => `${key}${value === undefined || value === "" ? "" : `=${value}`}:${effect}`,
  );
  return `untolerated taints such as ${texts.join(",")}`;
}
