import type { NodeSelectorTerm } from "../api/affinity.ts";
import type { Pod } from "../api/pod.ts";
import type { Toleration } from "../api/taints.ts";
import type { PlacementContext } from "./candidate.ts";
import { extendedRequests } from "./requests.ts";
import { isTransientTaint } from "./taints.ts";

/**
 * All of a Pod that narrows where it can land, and nothing else: two Pods with the same key land on the same nodes.
 * Rules that are not here only make the set smaller (free capacity, volumes, topology, Pod affinity), or are satisfied
 * anywhere as far as can be known (device claims). Nor are schedulingGates: while a Pod is gated its node selector and
 * affinity may only become narrower (KEP-3838), so today's set still holds the node it gets. Tolerations alone may be
 * added to any Pod later (core validation, validateOnlyAddedTolerations); the choice at binding then corrects.
 */
export interface Constraint {
  readonly key: string;
  /** Already bound, or bound by its author: the scheduler and its rules are not asked. */
  readonly nodeName?: string;
  /** The Pod's and its RuntimeClass's; both must hold. Sorted, without duplicates. */
  readonly nodeSelector: readonly (readonly [key: string, value: string])[];
  /** ORed; undefined where nothing is required, empty where nothing can match. */
  readonly terms?: readonly NodeSelectorTerm[];
  /** Those that bear on lasting taints. Sorted, without duplicates. */
  readonly tolerations: readonly Toleration[];
  /** Extended resources that nodes must list, whole units above zero. */
  readonly requests: readonly (readonly [resource: string, amount: bigint])[];
  /** Rules that were left out because they were too long to evaluate, for people. */
  readonly ignored: readonly string[];
}

/**
 * Each label requirement costs a pass over the candidates, and an API server lets a Pod carry tens of thousands. No
 * Pod needs more than these; one that has more is treated as if it had none, which can only enlarge its set.
 */
const mostRequirements = 128;
const mostTolerations = 512;

const nothing: Omit<Constraint, "key"> = { nodeSelector: [], tolerations: [], requests: [], ignored: [] };

export function constraintOf(pod: Pod, context: PlacementContext): Constraint {
  const { spec } = pod;
  if (spec.nodeName !== undefined && spec.nodeName !== "") {
    return { ...nothing, key: `=${spec.nodeName}`, nodeName: spec.nodeName };
  }
  const runtimeClass =
    spec.runtimeClassName === undefined ? undefined : context.runtimeClasses.get(spec.runtimeClassName);
  const ignored: string[] = [];

  let nodeSelector = sortedEntries(spec.nodeSelector, runtimeClass?.nodeSelector);
  if (nodeSelector.length > mostRequirements) {
    nodeSelector = [];
    ignored.push(`nodeSelector has more than ${mostRequirements} labels`);
  }

  let terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms !== undefined && countRequirements(terms) > mostRequirements) {
    terms = undefined;
    ignored.push(`node affinity has more than ${mostRequirements} requirements`);
  }

  let tolerations = lastingTolerations(spec.tolerations, runtimeClass?.tolerations, context.transientTaints);
  if (tolerations.length > mostTolerations) {
    // Tolerating everything is the direction that enlarges the set.
    tolerations = [{ operator: "Exists" }];
    ignored.push(`more than ${mostTolerations} tolerations`);
  }

  const requests = [...extendedRequests(pod)].filter(([name]) => !context.deviceClassResources.has(name)).sort(byName);
  const key = JSON.stringify([
    nodeSelector,
    terms ?? 0,
    tolerations,
    requests.map(([name, amount]) => [name, amount.toString()]),
    ignored,
  ]);
  return { key, nodeSelector, ...(terms === undefined ? {} : { terms }), tolerations, requests, ignored };
}

function countRequirements(terms: readonly NodeSelectorTerm[]): number {
  let count = 0;
  for (const term of terms) count += 1 + (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0);
  return count;
}

function sortedEntries(...selectors: (Readonly<Record<string, string>> | undefined)[]): [string, string][] {
  const seen = new Map<string, [string, string]>();
  for (const selector of selectors) {
    if (selector === undefined) continue;
    for (const [key, value] of Object.entries(selector)) seen.set(`${key}=${value}`, [key, value]);
  }
  return seen.size < 2 ? [...seen.values()] : [...seen].sort(byName).map(([, entry]) => entry);
}

/** Most Pods carry only the two tolerations that the API server adds (not-ready, unreachable), which say nothing here. */
function lastingTolerations(
  own: readonly Toleration[] = [],
  added: readonly Toleration[] = [],
  transientTaints?: ReadonlySet<string>,
): Toleration[] {
  const seen = new Map<string, Toleration>();
  for (const toleration of added.length === 0 ? own : [...own, ...added]) {
    const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
    if (effect === "PreferNoSchedule" || (key !== "" && isTransientTaint(key, transientTaints))) continue;
    seen.set(JSON.stringify([key, operator, value, effect]), { key, operator, value, effect });
  }
  return seen.size < 2 ? [...seen.values()] : [...seen].sort(byName).map(([, toleration]) => toleration);
}

function byName(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0;
}
