import { type Feature, formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import type { Profile } from "../hardware/profile.ts";
import { few } from "../text/few.ts";
import type { Condition, MachineType, MachineTypeStatus } from "./machine-type.ts";
import { limits } from "./rules.ts";

export interface TypedNode {
  readonly name: string;
  readonly profile: Profile;
  /** The platform that the node's kubelet reports, where that contradicts what the type declares: `linux/s390x`. */
  readonly contradiction?: string;
}

export interface StatusInput {
  readonly machineType: MachineType;
  /** The nodes that are of this type, in any order. */
  readonly nodes: readonly TypedNode[];
  /** Names of the other machine types that select one of those nodes too. */
  readonly overlaps: readonly string[];
  readonly now: Date;
  /** The offer of a new node, from `nodeTemplate` and the declared features: shown while there is no node. */
  readonly template?: Profile;
}

/**
 * The status of a MachineType, as the controller writes it. The same input in another order gives the same status; a
 * condition that keeps its status keeps its lastTransitionTime, so that an unchanged status is equal to the old one.
 */
export function computeStatus(input: StatusInput): MachineTypeStatus {
  const groups = groupByProfile(input.nodes);
  const platforms = new Set(groups.map((group) => formatPlatform(group.profile.platform)));
  const [platform] = platforms;
  const shown =
    groups.length === 0 && input.template !== undefined
      ? [offers(input.template)]
      : groups.map((group) => group.offers);
  const declared = groups.length > 0 ? undefined : (input.template?.platform ?? input.machineType.spec.platform);
  const onlyPlatform = platforms.size === 1 ? platform : declared && formatPlatform(declared);
  const generation = input.machineType.metadata.generation ?? 0;
  return {
    observedGeneration: generation,
    nodes: input.nodes.length,
    ...(onlyPlatform === undefined ? {} : { platform: onlyPlatform }),
    features: common(shown).slice(0, limits.statusFeatureItems),
    profiles: groups.slice(0, limits.statusProfileItems).map((group) => ({
      features: group.offers.slice(0, limits.statusFeatureItems),
      nodes: group.names.length,
      example: group.names[0] ?? "",
    })),
    conditions: verdicts(input, groups).map((verdict) => toCondition(verdict, generation, input)),
  };
}

/** Is there nothing to write? Field order does not matter; an absent field equals an undefined one. */
export function statusEquals(left: MachineTypeStatus | undefined, right: MachineTypeStatus | undefined): boolean {
  return equal(left, right);
}

interface Group {
  readonly profile: Profile;
  readonly offers: readonly string[];
  /** Sorted; the first is the example. */
  readonly names: readonly string[];
}

/** The largest group first; of equal ones, that with the first name. */
function groupByProfile(nodes: readonly TypedNode[]): readonly Group[] {
  const byId = new Map<string, { profile: Profile; names: string[] }>();
  for (const { name, profile } of nodes) {
    const group = byId.get(profile.id);
    if (group === undefined) byId.set(profile.id, { profile, names: [name] });
    else group.names.push(name);
  }
  return [...byId.values()]
    .map(({ profile, names }) => ({ profile, offers: offers(profile), names: names.sort() }))
    .sort((a, b) => b.names.length - a.names.length || compare(a.names[0] ?? "", b.names[0] ?? ""));
}

/** All that a node of this profile offers, to containers with and without a device. Sorted. */
function offers(profile: Profile): readonly string[] {
  const texts = (features: readonly Feature[]) => features.map(formatFeature);
  return [...new Set([...texts(profile.features), ...texts(profile.accelerators)])].sort();
}

function common(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  const sets = others.map((list) => new Set(list));
  return first.filter((feature) => sets.every((set) => set.has(feature)));
}

type Verdict = Pick<Condition, "type" | "status" | "reason" | "message">;

/** Nothing can be found out of machines outside the cluster: their owner's word counts. */
function verdicts(input: StatusInput, groups: readonly Group[]): readonly Verdict[] {
  if (input.machineType.spec.external === true) {
    const message = "machines outside the cluster, as this resource declares them; no Pod lands on them";
    return [{ type: "Ready", status: "True", reason: "External", message }];
  }
  return [ready(input), homogeneous(groups), exclusive(input.overlaps), ...platformMatches(input)];
}

function ready({ machineType, nodes }: StatusInput): Verdict {
  if (nodes.length > 0) {
    return {
      type: "Ready",
      status: "True",
      reason: "NodesFound",
      message: `${count(nodes.length, "node")} of this type`,
    };
  }
  if (machineType.spec.nodeTemplate !== undefined) {
    const message = "no node now; new ones are expected to look like spec.nodeTemplate";
    return { type: "Ready", status: "True", reason: "ScaledToZero", message };
  }
  const message =
    "no node is of this type: compare spec.nodeSelector with kubectl get nodes --show-labels; for a pool that is scaled to zero, set spec.nodeTemplate";
  return { type: "Ready", status: "False", reason: "NoNodes", message };
}

function homogeneous(groups: readonly Group[]): Verdict {
  const [main, other] = groups;
  if (main === undefined) {
    return { type: "Homogeneous", status: "Unknown", reason: "NoNodes", message: "no node to look at" };
  }
  if (other === undefined) {
    const message = main.names.length === 1 ? "the only node" : `all ${main.names.length} nodes offer the same`;
    return { type: "Homogeneous", status: "True", reason: "SameProfile", message };
  }
  const rest = groups.slice(2).reduce((sum, group) => sum + group.names.length, other.names.length - 1);
  const more = rest > 0 ? `; ${count(rest, "more node")} ${rest === 1 ? "differs" : "differ"} too` : "";
  const message = `${other.names[0]} differs from ${main.names[0]}: ${difference(main, other)}${more}`;
  return { type: "Homogeneous", status: "False", reason: "ProfilesDiffer", message };
}

/** How many features a message names on each side. */
const named = 5;

function difference(main: Group, other: Group): string {
  const parts: string[] = [];
  const [left, right] = [formatPlatform(main.profile.platform), formatPlatform(other.profile.platform)];
  if (left !== right) parts.push(`it is ${right}, not ${left}`);
  const lacks = main.offers.filter((feature) => !other.offers.includes(feature));
  const adds = other.offers.filter((feature) => !main.offers.includes(feature));
  if (lacks.length > 0) parts.push(`it lacks ${few(lacks, named)}`);
  if (adds.length > 0) parts.push(`it also offers ${few(adds, named)}`);
  return parts.length > 0 ? parts.join("; ") : "only some of its features need a device to be requested";
}

function exclusive(overlaps: readonly string[]): Verdict {
  const others = [...new Set(overlaps)].sort();
  if (others.length === 0) {
    return {
      type: "Exclusive",
      status: "True",
      reason: "NoOverlap",
      message: "no other machine type selects these nodes",
    };
  }
  const message = `${few(others, named)} ${others.length === 1 ? "selects" : "select"} a node that this type selects too: the higher spec.priority wins, then the name that is first in order`;
  return { type: "Exclusive", status: "False", reason: "Overlaps", message };
}

/** Only where a platform is declared and there are nodes to hold against it. */
function platformMatches({ machineType, nodes }: StatusInput): readonly Verdict[] {
  const declared = machineType.spec.platform;
  if (declared === undefined || nodes.length === 0) return [];
  const type = "PlatformMatches";
  const contrary = nodes.filter(({ contradiction }) => contradiction !== undefined);
  const [first] = [...contrary].sort((a, b) => compare(a.name, b.name));
  if (first === undefined) {
    const message = "the kubelets report the platform that spec.platform declares";
    return [{ type, status: "True", reason: "SamePlatform", message }];
  }
  const rest = contrary.length - 1;
  const more = rest > 0 ? ` (and ${count(rest, "more node")})` : "";
  const message = `spec.platform declares ${declared.os}/${declared.architecture}, but the kubelet of ${first.name} reports ${first.contradiction}${more}: the kubelet is believed; correct spec.platform or spec.nodeSelector`;
  return [{ type, status: "False", reason: "PlatformContradicted", message }];
}

function toCondition(verdict: Verdict, generation: number, { machineType, now }: StatusInput): Condition {
  const before = machineType.status?.conditions?.find((condition) => condition.type === verdict.type);
  const kept = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return {
    ...verdict,
    observedGeneration: generation,
    // metav1.Time has whole seconds.
    lastTransitionTime: kept ?? now.toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) return false;
  const [a, b] = [new Map<string, unknown>(Object.entries(left)), new Map<string, unknown>(Object.entries(right))];
  return [...new Set([...a.keys(), ...b.keys()])].every((key) => equal(a.get(key), b.get(key)));
}
