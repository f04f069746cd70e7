import { isLabelKey } from "../api/field.ts";
import type { NodeFacts } from "../api/node.ts";
import { limits } from "../api/rules.ts";
import type { LabelSelector } from "../api/selector.ts";
import { profileLabel } from "../placement/template.ts";

/**
 * Labels by which clouds and installers tell pools of nodes apart, the best first. The instance type stands for
 * hardware; the others are names that people gave.
 */
const poolLabels: readonly string[] = [
  "node.kubernetes.io/instance-type",
  "eks.amazonaws.com/nodegroup",
  "alpha.eksctl.io/nodegroup-name",
  "cloud.google.com/gke-nodepool",
  "kubernetes.azure.com/agentpool",
  "agentpool",
  "karpenter.sh/nodepool",
  "kops.k8s.io/instancegroup",
  "doks.digitalocean.com/node-pool",
  "k8s.scaleway.com/pool-name",
  "lke.linode.com/pool-id",
  "nvidia.com/gpu.product",
];
/** Every node has these; they help where one pool has machines of several architectures. */
const platformLabels: readonly string[] = ["kubernetes.io/arch", "kubernetes.io/os"];

/** A label that says which node it is, or where; or one that this program or an old version of Kubernetes wrote. */
const noPool =
  /^((beta\.)?kubernetes\.io\/(hostname|os|arch|instance-type)|(failure-domain\.beta|topology)\.[^/]*kubernetes\.io\/.*|topology\..*|metahub\.dev\/(machine-type|profile)|node\.kubernetes\.io\/exclude.*)$/;
/** Labels that discovery writes: they tell hardware apart, but change with the version of what writes them. */
const discovered =
  /^(feature\.node\.kubernetes\.io|nvidia\.com|amd\.com|beta\.amd\.com|gpu\.intel\.com|metahub\.dev)\//;

export interface ChosenSelector {
  readonly selector: LabelSelector;
  /** `pool`: labels that the nodes have by themselves. `profile`: the label that MetaHub's controller writes. */
  readonly by: "pool" | "profile";
}

/**
 * A selector that fits every node of a profile and no other node: one label, then two, then one label with several
 * values, then any other label; and where nothing tells them apart, the label of the profile. The same nodes in
 * another order give the same selector.
 */
export function chooseSelector(
  members: readonly NodeFacts[],
  others: readonly NodeFacts[],
  profileId: string,
): ChosenSelector {
  const known = [...poolLabels, ...roleLabels(members), ...platformLabels];
  const found =
    single(known, members, others) ??
    pair(known, members, others) ??
    several(poolLabels, members, others) ??
    single(ownLabels(members, others), members, others);
  return found === undefined
    ? { selector: { matchLabels: { [profileLabel]: profileId } }, by: "profile" }
    : { selector: found, by: "pool" };
}

function single(
  keys: readonly string[],
  members: readonly NodeFacts[],
  others: readonly NodeFacts[],
): LabelSelector | undefined {
  for (const key of keys) {
    const value = commonValue(members, key);
    if (value !== undefined && !others.some((node) => labelOf(node, key) === value)) {
      return { matchLabels: { [key]: value } };
    }
  }
  return undefined;
}

/** Two labels, each the same on all members, which no other node has both of. */
function pair(
  keys: readonly string[],
  members: readonly NodeFacts[],
  others: readonly NodeFacts[],
): LabelSelector | undefined {
  const shared = keys.flatMap((key) => {
    const value = commonValue(members, key);
    return value === undefined ? [] : [{ key, value }];
  });
  for (const [index, first] of shared.entries()) {
    const left = others.filter((node) => labelOf(node, first.key) === first.value);
    for (const second of shared.slice(index + 1)) {
      if (left.some((node) => labelOf(node, second.key) === second.value)) continue;
      return { matchLabels: { [first.key]: first.value, [second.key]: second.value } };
    }
  }
  return undefined;
}

/** One label with several values, none of which any other node has. */
function several(
  keys: readonly string[],
  members: readonly NodeFacts[],
  others: readonly NodeFacts[],
): LabelSelector | undefined {
  for (const key of keys) {
    const values = new Set(members.map((node) => labelOf(node, key)));
    if (values.has(undefined) || values.size > limits.selectorValueItems) continue;
    if (others.some((node) => values.has(labelOf(node, key)))) continue;
    const texts = [...values].filter((value) => value !== undefined).sort();
    return { matchExpressions: [{ key, operator: "In", values: texts }] };
  }
  return undefined;
}

function roleLabels(members: readonly NodeFacts[]): readonly string[] {
  return keysOf(members).filter((key) => key.startsWith("node-role.kubernetes.io/"));
}

/** Labels that somebody of this cluster gave, then those that discovery wrote. */
function ownLabels(members: readonly NodeFacts[], others: readonly NodeFacts[]): readonly string[] {
  const all = [...members, ...others];
  const keys = keysOf(members).filter((key) => !noPool.test(key) && !namesNodes(all, key));
  return [...keys.filter((key) => !discovered.test(key)), ...keys.filter((key) => discovered.test(key))];
}

/** A label with another value on every node is a name or a serial number. */
function namesNodes(nodes: readonly NodeFacts[], key: string): boolean {
  const values = nodes.map((node) => labelOf(node, key)).filter((value) => value !== undefined);
  return values.length >= 3 && new Set(values).size === values.length;
}

/** The keys of the first member: it has whatever all have in common. */
function keysOf([first]: readonly NodeFacts[]): readonly string[] {
  return Object.keys(first?.labels ?? {})
    .filter(isLabelKey)
    .sort();
}

function commonValue(members: readonly NodeFacts[], key: string): string | undefined {
  const [first] = members;
  const value = first === undefined ? undefined : labelOf(first, key);
  return members.every((node) => labelOf(node, key) === value) ? value : undefined;
}

/** Label keys are not property names: `constructor` is no label. */
function labelOf({ labels }: NodeFacts, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
