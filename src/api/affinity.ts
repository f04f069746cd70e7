/** core/v1 NodeSelector: its terms are ORed. */
export interface NodeSelector {
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
}

/** core/v1 NodeSelectorTerm: all of its requirements must hold. */
export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values?: readonly string[];
}

/** The parts of a node that the rule reads. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Does the node fulfil the selector? Terms are ORed; a selector without terms selects nothing
 * (component-helpers, scheduling/corev1/nodeaffinity: "nil or empty term selects no objects").
 */
export function matchesNodeSelector(selector: NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(term, node));
}

/** Does the node fulfil every requirement of the term? A term without requirements selects nothing. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: SelectableNode): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((requirement) => matchesRequirement(requirement, labelOf(node, requirement.key))) &&
    fields.every((requirement) => matchesField(requirement, node))
  );
}

function labelOf(node: SelectableNode, key: string): string | undefined {
  return Object.hasOwn(node.labels, key) ? node.labels[key] : undefined;
}

/**
 * The rule of k8s.io/apimachinery/pkg/labels.Requirement.Matches: NotIn and DoesNotExist hold where the key is
 * missing; Gt and Lt compare integers and need exactly one value. A requirement with a wrong number of values holds for
 * no node: the scheduler cannot parse its term (labels.NewRequirement), and such a term selects nothing.
 */
function matchesRequirement(requirement: NodeSelectorRequirement, actual: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return values.length > 0 && (actual === undefined || !values.includes(actual));
    case "Exists":
      return values.length === 0 && actual !== undefined;
    case "DoesNotExist":
      return values.length === 0 && actual === undefined;
    case "Gt":
    case "Lt":
      return compares(requirement.operator, actual, values);
    default:
      return false; // An operator from a newer Kubernetes: the scheduler's parser refuses the term, so it selects nothing.
  }
}

/** The API knows one field, metadata.name, with In and NotIn and exactly one value. Anything else selects nothing. */
function matchesField(requirement: NodeSelectorRequirement, node: SelectableNode): boolean {
  const value = requirement.values?.[0];
  if (requirement.key !== "metadata.name" || value === undefined || requirement.values?.length !== 1) return false;
  if (requirement.operator === "In") return node.name === value;
  if (requirement.operator === "NotIn") return node.name !== value;
  return false;
}

function compares(operator: "Gt" | "Lt", actual: string | undefined, values: readonly string[]): boolean {
  const bound = values.length === 1 ? parseInt64(values[0]) : undefined;
  const number = parseInt64(actual);
  if (number === undefined || bound === undefined) return false;
  return operator === "Gt" ? number > bound : number < bound;
}

/** As Go's strconv.ParseInt(text, 10, 64), which the scheduler uses: a sign and digits, within 64 bits. */
function parseInt64(text: string | undefined): bigint | undefined {
  if (text === undefined || text.length > 40 || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}
