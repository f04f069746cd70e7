import type { Operation } from "fast-json-patch";
import type { NodeSelectorTerm } from "../api/affinity.ts";
import type { PodSpec } from "../api/pod.ts";
import { profileLabel } from "../placement/template.ts";

const nodeAffinity = "/spec/affinity/nodeAffinity";
const required = "requiredDuringSchedulingIgnoredDuringExecution";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The JSON Patch that lets a Pod land only on nodes with one of these profiles. Terms of a required node affinity are
 * ORed (core/v1 NodeSelector), so the requirement goes into every one of them; a term of its own would let the Pod go
 * anywhere with such a profile, whatever the other terms say. A term without requirements selects nothing, and must go
 * on doing so. `pod` is the object as it came, since what nobody here reads of its affinity must stay.
 */
export function steerOperations(pod: unknown, profiles: readonly string[]): Operation[] {
  const requirement = requirementOf(profiles);
  const affinity = fields(fields(pod)?.["spec"])?.["affinity"];
  const selector = { nodeSelectorTerms: [{ matchExpressions: [requirement] }] };
  if (fields(affinity) === undefined) {
    return [{ op: "add", path: "/spec/affinity", value: { nodeAffinity: { [required]: selector } } }];
  }
  const given = fields(fields(affinity)?.["nodeAffinity"]);
  if (given === undefined) return [{ op: "add", path: nodeAffinity, value: { [required]: selector } }];
  const terms = fields(given[required])?.["nodeSelectorTerms"];
  if (fields(given[required]) === undefined) {
    return [{ op: "add", path: `${nodeAffinity}/${required}`, value: selector }];
  }
  return (Array.isArray(terms) ? terms : []).flatMap((term: unknown, index): Operation[] => {
    const { matchExpressions, matchFields } = fields(term) ?? {};
    const path = `${nodeAffinity}/${required}/nodeSelectorTerms/${index}/matchExpressions`;
    if (isFilled(matchExpressions)) return [{ op: "add", path: `${path}/-`, value: requirement }];
    return isFilled(matchFields) ? [{ op: "add", path, value: [requirement] }] : [];
  });
}

/** The affinity, as far as it is read, of a Pod that was steered to these profiles: the same rule. */
export function steeredAffinity(
  affinity: PodSpec["affinity"],
  profiles: readonly string[],
): NonNullable<PodSpec["affinity"]> {
  const requirement = requirementOf(profiles);
  const given = affinity?.nodeAffinity?.[required]?.nodeSelectorTerms;
  const narrowed = given?.map((term): NodeSelectorTerm => {
    const { matchExpressions = [] } = term;
    const selects = matchExpressions.length > 0 || isFilled(term.matchFields);
    return selects ? { ...term, matchExpressions: [...matchExpressions, requirement] } : term;
  });
  return { nodeAffinity: { [required]: { nodeSelectorTerms: narrowed ?? [{ matchExpressions: [requirement] }] } } };
}

function requirementOf(profiles: readonly string[]) {
  return { key: profileLabel, operator: "In" as const, values: [...profiles] };
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function fields(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}
