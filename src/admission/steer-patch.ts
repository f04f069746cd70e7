import jsonpatch, { type Operation } from "fast-json-patch";
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
  const requirement = { key: profileLabel, operator: "In", values: [...profiles] };
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

/** The object as it is after the patch. The one that is given stays. */
export function afterPatch(object: unknown, operations: readonly Operation[]): unknown {
  return jsonpatch.applyPatch(structuredClone(object), operations).newDocument;
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function fields(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}
