import { matchesLabelSelector } from "../api/match-selector.ts";
import type { NodeFacts } from "../api/node.ts";
import { formatFeature } from "../hardware/feature.ts";
import { formatPlatform } from "../hardware/platform.ts";
import type { Profile } from "../hardware/profile.ts";
import type { NodeEntry, Snapshot } from "../inventory/snapshot.ts";
import { few } from "../text/few.ts";
import {
  type Draft,
  declarable,
  declarablePlatform,
  draft,
  machineTypeName,
  undeclaredPlatform,
} from "./machine-type.ts";
import { chooseSelector } from "./selector.ts";

interface Group {
  readonly profile: Profile;
  /** By name. */
  readonly members: readonly NodeEntry[];
}

/** Names that a comment holds at most. */
const maxNamed = 5;
/** Reasons that stand above a machine type at most. */
const maxReasons = 16;

/**
 * A MachineType for each distinct profile of the nodes, by name. It declares what the nodes offer to every container,
 * so applying it changes no profile; accelerators that labels speak of are left to the labels, since a machine type's
 * word would count for containers without a device too. A machine type whose nodes are exactly those of a profile
 * keeps its name and its selector.
 */
export function draftMachineTypes(snapshot: Snapshot): readonly Draft[] {
  const groups = groupByProfile([...snapshot.nodes.values()]);
  const nodes = groups.flatMap(({ members }) => members.map(({ facts }) => facts));
  const names = nameGroups(groups, snapshot);
  return groups
    .map((group) => draftOf(group, names.get(group) ?? "", nodes, groups, names, snapshot))
    .sort((left, right) => (left.machineType.metadata.name < right.machineType.metadata.name ? -1 : 1));
}

function draftOf(
  group: Group,
  name: string,
  nodes: readonly NodeFacts[],
  groups: readonly Group[],
  names: ReadonlyMap<Group, string>,
  snapshot: Snapshot,
): Draft {
  const { profile, members } = group;
  const { declared, notes } = declarable(profile.features);
  const platform = declarablePlatform(profile.platform);
  const own = typeOf(group, snapshot);
  const mine = new Set(members.map(({ facts }) => facts));
  const others = nodes.filter((node) => !mine.has(node));
  const chosen =
    own?.spec.nodeSelector === undefined
      ? chooseSelector([...mine], others, profile.id)
      : { selector: own.spec.nodeSelector, by: "pool" as const };
  const nodeNames = few(
    members.map(({ facts }) => facts.name),
    maxNamed,
  );
  const comments = [
    `${members.length === 1 ? "1 node" : `${members.length} nodes`}: ${nodeNames}`,
    ...undeclaredPlatform(profile.platform),
    ...notes,
    ...accelerators(profile),
    ...withheld(members),
    ...(declared.some((text) => text.startsWith("cpu:")) ? [] : [unknownCpu]),
    ...kernelTwins(group, groups, names),
    ...ownership(group, own?.metadata.name, snapshot),
  ];
  const spec = {
    nodeSelector: chosen.selector,
    ...(own?.spec.priority === undefined ? {} : { priority: own.spec.priority }),
    ...(platform === undefined ? {} : { platform }),
    ...(declared.length === 0 ? {} : { features: declared }),
    ...(own?.spec.featureLabels === undefined ? {} : { featureLabels: own.spec.featureLabels }),
    ...(own?.spec.nodeTemplate === undefined ? {} : { nodeTemplate: own.spec.nodeTemplate }),
  };
  return draft(name, spec, comments, chosen.by === "profile" ? profileSelector : []);
}

const unknownCpu =
  "Nothing says which CPU they have: run `metahub detect` on one of them, or install Node Feature Discovery.";
const profileSelector = [
  "No label of their own tells these nodes from the others. This one is written by MetaHub's controller and changes",
  "with what a node offers: better label the pool, and select that label.",
];

function accelerators({ accelerators }: Profile): readonly string[] {
  if (accelerators.length === 0) return [];
  const texts = accelerators.map(formatFeature).join(", ");
  return [`Left to the labels, so that they count only for containers that get a device: ${texts}.`];
}

/**
 * Why something that labels mention is not offered, with the nodes that it is about: nodes that offer the same may do so
 * for different reasons, ten unknown GPUs above all.
 */
function withheld(members: readonly NodeEntry[]): readonly string[] {
  const nodesByNote = new Map<string, string[]>();
  for (const { facts, profile } of members) {
    for (const note of profile.notes) nodesByNote.set(note, [...(nodesByNote.get(note) ?? []), facts.name]);
  }
  const lines = [...nodesByNote].map(([note, names]) => `${few(names, maxNamed)}: ${note}`);
  const rest = lines.length - maxReasons;
  return rest > 0 ? [...lines.slice(0, maxReasons), `And ${rest} more reasons: metahub explain shows them.`] : lines;
}

/** While a pool gets a new kernel, its nodes have two profiles for an hour; two machine types would outlive that. */
function kernelTwins(group: Group, groups: readonly Group[], names: ReadonlyMap<Group, string>): readonly string[] {
  const content = withoutKernel(group.profile);
  const twins = groups.filter((other) => other !== group && withoutKernel(other.profile) === content);
  if (twins.length === 0) return [];
  const twinNames = few(twins.map((twin) => names.get(twin) ?? "").sort(), maxNamed);
  return [`Differs from ${twinNames} in the kernel only: one machine type for all of them may be what you want.`];
}

/** Nodes that another machine type has would be claimed twice. */
function ownership(group: Group, own: string | undefined, snapshot: Snapshot): readonly string[] {
  if (own !== undefined) return [`The machine type ${own} has these nodes already; this is what it could say.`];
  const owners = new Set(group.members.flatMap(({ machineType }) => (machineType === undefined ? [] : [machineType])));
  return [...owners].sort().map((owner) => {
    const priority = (snapshot.machineTypes.get(owner)?.resource.spec.priority ?? 0) + 1;
    return `The machine type ${owner} has nodes of these: delete it, or give this one priority: ${priority}.`;
  });
}

/** The machine type whose selector fits the nodes of this profile and no other. */
function typeOf({ members }: Group, snapshot: Snapshot) {
  const owners = new Set(members.map(({ machineType }) => machineType));
  const [owner] = owners;
  if (owners.size !== 1 || owner === undefined) return undefined;
  const resource = snapshot.machineTypes.get(owner)?.resource;
  const selector = resource?.spec.nodeSelector;
  if (selector === undefined) return undefined;
  const fits = [...snapshot.nodes.values()].filter(({ facts }) => matchesLabelSelector(selector, facts.labels));
  return fits.length === members.length ? resource : undefined;
}

/** Profiles with the same content may be two objects, where the reasons for what is missing differ. */
function groupByProfile(entries: readonly NodeEntry[]): readonly Group[] {
  const groups = new Map<string, NodeEntry[]>();
  for (const entry of entries) {
    const members = groups.get(entry.profile.id);
    if (members === undefined) groups.set(entry.profile.id, [entry]);
    else members.push(entry);
  }
  return [...groups.values()].flatMap((members) => {
    members.sort((left, right) => (left.facts.name < right.facts.name ? -1 : 1));
    const [first] = members;
    return first === undefined ? [] : [{ profile: first.profile, members }];
  });
}

/** By what they offer; where two would have the same name, both get a piece of their profile's id. */
function nameGroups(groups: readonly Group[], snapshot: Snapshot): ReadonlyMap<Group, string> {
  const names = new Map<Group, string>();
  const taken = new Map<string, number>();
  for (const group of groups) {
    const name = typeOf(group, snapshot)?.metadata.name ?? describe(group.profile);
    names.set(group, name);
    taken.set(name, (taken.get(name) ?? 0) + 1);
  }
  for (const [group, name] of names) {
    const kept = typeOf(group, snapshot) !== undefined;
    const clash = (taken.get(name) ?? 0) > 1 || snapshot.machineTypes.has(name);
    if (!kept && clash) names.set(group, `${name.slice(0, 50)}-${group.profile.id}`);
  }
  return names;
}

/** `broadwell-nvcap-5.2`; `linux-amd64` where no CPU is known. */
function describe({ platform, features, accelerators }: Profile): string {
  const values = (namespace: string): readonly string[] =>
    [...features, ...accelerators].filter((each) => each.namespace === namespace).map(({ value }) => value);
  const cpus = values("cpu");
  const parts = [
    ...(cpus.length === 0 ? [formatPlatform(platform)] : cpus),
    ...values("nvcap").map((value) => `nvcap-${value}`),
    ...values("gfx").map((value) => value.replace(/[+]/g, "-on").replace(/-(?=$|:)/g, "-off")),
  ];
  return machineTypeName(parts.join("-"));
}

function withoutKernel({ platform, features, accelerators }: Profile): string {
  const texts = features.filter(({ namespace }) => namespace !== "kernel").map(formatFeature);
  return [formatPlatform(platform), ...texts, "|", ...accelerators.map(formatFeature)].join(" ");
}
