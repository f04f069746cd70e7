import type { NodeSelectorRequirement, NodeSelectorTerm } from "../api/affinity.ts";
import { shorten } from "../text/shorten.ts";
import type { Constraint } from "./constraint.ts";
import type { PlacementStep } from "./placement.ts";

/** A Warning is cut by some clients after 256 characters; one rule's text must not take all of them. */
export const longestText = 120;
const mostSteps = 4;

export function describeTerms(terms: readonly NodeSelectorTerm[]): string {
  if (terms.length === 0) return "node affinity without terms";
  const texts: string[] = [];
  let length = 0;
  for (const { matchExpressions = [], matchFields = [] } of terms) {
    const text = [...matchExpressions, ...matchFields].map(describeRequirement).join(" and ") || "nothing";
    texts.push(text);
    length += text.length;
    if (length > longestText) break;
  }
  return shorten(`node affinity ${texts.join(", or ")}`, longestText);
}

function describeRequirement({ key, operator, values = [] }: NodeSelectorRequirement): string {
  if (operator === "Exists" || operator === "DoesNotExist") return `${key} ${operator}`;
  const shown = values.slice(0, 3).join(",");
  return `${key} ${operator} ${values.length > 3 ? `${shown},… (${values.length} values)` : shown}`;
}

/** One line: what each rule that made a difference left, or the first rule that left nothing. */
export function describePlacement(
  constraint: Constraint,
  total: number,
  steps: readonly PlacementStep[],
  found: { readonly nodes: number; readonly templates: number; readonly profiles: number },
): string {
  const { nodeName, ignored } = constraint;
  const known = found.nodes + found.templates;
  if (nodeName !== undefined) {
    return known > 0 ? `spec.nodeName is ${nodeName}` : `spec.nodeName is ${nodeName}, which is not a known node`;
  }
  if (total === 0) return "no nodes and no nodeTemplates are known";
  const failed = steps.find((step) => step.left === 0);
  if (failed !== undefined) {
    const before = steps[steps.indexOf(failed) - 1]?.left ?? total;
    return `no node fits: ${failed.text} leaves none of ${before}`;
  }
  const telling: string[] = [];
  let before = total;
  for (const { text, left } of steps) {
    if (left < before) telling.push(`${text} leaves ${left} of ${before}`);
    before = left;
  }
  const kinds = [
    count(found.nodes, "node"),
    count(found.templates, "machine type without nodes", "machine types without nodes"),
  ];
  const result = `${kinds.filter((kind) => kind !== "").join(" and ")} of ${count(found.profiles, "profile")}`;
  const shown = telling.slice(0, mostSteps);
  if (telling.length > mostSteps) shown.push(`${telling.length - mostSteps} more rules`);
  return [result, ...shown, ...ignored.map((text) => `not considered: ${text}`)].join("; ");
}

function count(number: number, one: string, many = `${one}s`): string {
  return number === 0 ? "" : `${number} ${number === 1 ? one : many}`;
}
