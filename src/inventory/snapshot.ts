import type { MachineType } from "../api/machine-type.ts";
import type { NodeFacts } from "../api/node.ts";
import { ProfileInterner } from "../hardware/nodes/intern.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Candidate, PlacementContext } from "../placement/candidate.ts";
import { PlacementIndex } from "../placement/placement-index.ts";
import { machineTypeLabel, profileLabel, templateCandidate } from "../placement/template.ts";
import { claimOrder, claims } from "./assign.ts";

/** A node, with what it offers and whose it is. */
export interface NodeEntry {
  readonly facts: NodeFacts;
  readonly profile: Profile;
  /** The machine type that has the node. */
  readonly machineType?: string;
  /** Other machine types that the node fits too. */
  readonly overlaps: readonly string[];
}

/** A machine type with its nodes. */
export interface MachineTypeEntry {
  readonly resource: MachineType;
  readonly nodes: readonly NodeEntry[];
  /** Other machine types that fit nodes which this one fits, sorted. */
  readonly overlaps: readonly string[];
  /** The offer of a new node, as its declared features and nodeTemplate say. */
  readonly template: Profile;
}

/** Nodes, machine types and profiles of one moment. Never changes. */
export interface Snapshot {
  readonly nodes: ReadonlyMap<string, NodeEntry>;
  readonly machineTypes: ReadonlyMap<string, MachineTypeEntry>;
  readonly profiles: number;
  readonly placement: PlacementIndex;
  /** Extended resources that a DeviceClass serves: which device a container gets is known when its Pod is bound. */
  readonly allocatedResources: ReadonlySet<string>;
}

interface Known {
  readonly types: readonly MachineType[];
  readonly entry: NodeEntry;
  readonly candidate: Candidate;
}

/** Makes snapshots one after another, and works only on what changed since the last one. */
export class SnapshotBuilder {
  #interner = new ProfileInterner();
  #known = new WeakMap<NodeFacts, Known>();
  #types: readonly MachineType[] = [];
  #placement: PlacementIndex | undefined;

  build(nodes: Iterable<NodeFacts>, machineTypes: Iterable<MachineType>, context: PlacementContext): Snapshot {
    const types = claimOrder(machineTypes);
    if (types.length !== this.#types.length || !types.every((type, index) => sameSpec(type, this.#types[index]))) {
      this.#types = types;
    }
    const known = Array.from(nodes, (facts) => this.#node(facts));
    const candidates = known.map(({ candidate }) => candidate);
    const profiles = new Set(candidates.map(({ profile }) => profile));
    const byType = groupByType(types, known);
    const typeEntries = new Map<string, MachineTypeEntry>();
    for (const resource of types) {
      const { name } = resource.metadata;
      const { nodes: own = [], overlaps = new Set<string>() } = byType.get(name) ?? {};
      const template = this.#template(resource);
      typeEntries.set(name, { resource, nodes: own, overlaps: [...overlaps].sort(), template });
      const candidate = own.length === 0 ? templateCandidate(resource, template) : undefined;
      if (candidate === undefined) continue;
      candidates.push(candidate);
      profiles.add(candidate.profile);
    }
    const placement =
      this.#placement === undefined
        ? new PlacementIndex(candidates, context)
        : PlacementIndex.from(this.#placement, candidates, context);
    this.#placement = placement;
    if (this.#interner.profiles.length > 2 * profiles.size + 64) {
      // Most of what it holds nobody offers any more: the next snapshot is made from scratch, with what is left.
      this.#interner = new ProfileInterner(this.#interner);
      this.#known = new WeakMap();
    }
    return {
      nodes: new Map(known.map(({ entry }) => [entry.facts.name, entry])),
      machineTypes: typeEntries,
      profiles: profiles.size,
      placement,
      allocatedResources: context.deviceClassResources,
    };
  }

  #node(facts: NodeFacts): Known {
    const before = this.#known.get(facts);
    if (before !== undefined && before.types === this.#types) return before;
    const [owner, ...others] = claims(facts.labels, this.#types);
    const profile = this.#interner.profileOf(facts, owner?.spec);
    const machineType = owner?.metadata.name;
    const overlaps = others.map(({ metadata }) => metadata.name);
    const typed = machineType === undefined ? {} : { machineType };
    const entry: NodeEntry = { facts, profile, overlaps, ...typed };
    if (before?.entry.profile === profile && before.entry.machineType === machineType) {
      const again = { types: this.#types, entry, candidate: before.candidate };
      this.#known.set(facts, again);
      return again;
    }
    const { name, taints, allocatable } = facts;
    const candidate: Candidate = {
      kind: "node",
      name,
      labels: labelsOf(facts, profile, machineType),
      taints,
      allocatable,
      profile,
      ...typed,
    };
    const known = { types: this.#types, entry, candidate };
    this.#known.set(facts, known);
    return known;
  }

  #template(resource: MachineType): Profile {
    const { nodeTemplate } = resource.spec;
    const facts = {
      labels: { ...nodeTemplate?.labels },
      allocatable: { ...nodeTemplate?.allocatable },
      operatingSystem: "",
      architecture: "",
      kernelVersion: "",
    };
    return this.#interner.profileOf(facts, resource.spec);
  }
}

/** The nodes of a machine type, and the other machine types that fit nodes which it fits. */
interface Owned {
  readonly nodes: NodeEntry[];
  readonly overlaps: Set<string>;
}

function groupByType(types: readonly MachineType[], known: readonly Known[]): ReadonlyMap<string, Owned> {
  const byType = new Map(
    types.map(({ metadata }): [string, Owned] => [metadata.name, { nodes: [], overlaps: new Set() }]),
  );
  for (const { entry } of known) {
    if (entry.machineType === undefined) continue;
    byType.get(entry.machineType)?.nodes.push(entry);
    const all = [entry.machineType, ...entry.overlaps];
    for (const one of all.length === 1 ? [] : all) {
      for (const other of all) if (one !== other) byType.get(one)?.overlaps.add(other);
    }
  }
  return byType;
}

/** The API server counts changes of the spec in `generation`; a change of status alone makes no node another one. */
function sameSpec(left: MachineType, right: MachineType | undefined): boolean {
  if (left === right) return true;
  const { uid, generation } = left.metadata;
  return uid !== undefined && uid === right?.metadata.uid && generation === right.metadata.generation;
}

/**
 * A node's labels as they will be: the controller writes two of them, a little after a node or machine type changed, and
 * not at all where the inventory comes from files. A Pod that asks for them is going there.
 */
function labelsOf(
  facts: NodeFacts,
  profile: Profile,
  machineType: string | undefined,
): Readonly<Record<string, string>> {
  const { [machineTypeLabel]: _, ...others } = facts.labels;
  const typed = machineType === undefined ? others : { ...others, [machineTypeLabel]: machineType };
  return { ...typed, [profileLabel]: profile.id };
}
