import type { MachineType } from "../../../api/machine-type.ts";
import { matchesLabelSelector } from "../../../api/match-selector.ts";
import { ProfileInterner } from "../../../hardware/nodes/intern.ts";
import type { Profile } from "../../../hardware/profile.ts";
import { claimOrder, claims } from "../../../inventory/assign.ts";
import type { NodeEntry, Snapshot } from "../../../inventory/snapshot.ts";
import { few } from "../../../text/few.ts";
import type { Preview } from "../../contract/machine-types.ts";
import { commonFeatures } from "./view.ts";

/** Names in one answer; the contract's bound. */
const mostNames = 200;
const mostTold = 4;

type Foreseen = Pick<Preview, "nodes" | "names" | "moved" | "features" | "warnings">;

/** The nodes that a machine type would have, and what would become of theirs. `draft` undefined: it is deleted. */
export function foresee(snapshot: Snapshot, name: string, draft: MachineType | undefined): Foreseen {
  const others = [...snapshot.machineTypes.values()]
    .map(({ resource }) => resource)
    .filter(({ metadata }) => metadata.name !== name);
  const types = claimOrder(draft === undefined ? others : [...others, draft]);
  const selector = draft?.spec.nodeSelector;
  const caught: NodeEntry[] = [];
  const overlaps = new Map<string, number>();
  const moves = new Map<string, Preview["moved"][number]>();
  for (const node of snapshot.nodes.values()) {
    const fits = selector !== undefined && matchesLabelSelector(selector, node.facts.labels);
    // All other nodes stay whose they are.
    if (!fits && node.machineType !== name) continue;
    const [owner, ...more] = claims(node.facts.labels, types).map(({ metadata }) => metadata.name);
    if (owner === name) caught.push(node);
    if (fits) for (const other of [owner, ...more]) count(overlaps, other === name ? undefined : other);
    move(moves, node.machineType ?? null, owner ?? null);
  }
  const names = caught.map(({ facts }) => facts.name).sort();
  const profiles = profilesOf(caught, draft);
  return {
    nodes: names.length,
    names: names.slice(0, mostNames),
    moved: [...moves.values()].sort((left, right) => right.nodes - left.nodes),
    features: commonFeatures(profiles),
    warnings: warningsOf(draft, names.length, profiles.length, overlaps),
  };
}

/** The nodes of a machine type before anything changes, for those who count what runs there. */
export function nodesOf(snapshot: Snapshot, name: string): ReadonlySet<string> {
  return new Set((snapshot.machineTypes.get(name)?.nodes ?? []).map(({ facts }) => facts.name));
}

function count(overlaps: Map<string, number>, other: string | undefined): void {
  if (other !== undefined) overlaps.set(other, (overlaps.get(other) ?? 0) + 1);
}

function move(moves: Map<string, Preview["moved"][number]>, from: string | null, to: string | null): void {
  if (from === to) return;
  const key = JSON.stringify([from, to]);
  moves.set(key, { from, to, nodes: (moves.get(key)?.nodes ?? 0) + 1 });
}

/** Different offers of the nodes with what the draft declares; of a new node where it has none. */
function profilesOf(nodes: readonly NodeEntry[], draft: MachineType | undefined): readonly Profile[] {
  if (draft === undefined) return [];
  const interner = new ProfileInterner();
  if (nodes.length > 0) return [...new Set(nodes.map(({ facts }) => interner.profileOf(facts, draft.spec)))];
  const { labels = {}, allocatable = {} } = draft.spec.nodeTemplate ?? {};
  const facts = { labels, allocatable, operatingSystem: "", architecture: "", kernelVersion: "" };
  return [interner.profileOf(facts, draft.spec)];
}

function warningsOf(
  draft: MachineType | undefined,
  nodes: number,
  kinds: number,
  overlaps: ReadonlyMap<string, number>,
): string[] {
  if (draft === undefined) return [];
  const warnings: string[] = [];
  if (nodes === 0 && draft.spec.external !== true && draft.spec.nodeTemplate === undefined) {
    warnings.push("No node would be of this machine type.");
  }
  if (kinds > 1) warnings.push(`Its nodes offer ${kinds} different things: shown is what all of them have.`);
  if (overlaps.size > 0) {
    const told = [...overlaps].map(([other, own]) => `${other} (${own} nodes)`);
    warnings.push(
      `Nodes fit other machine types too: ${few(told, mostTold)}. The higher priority has them, then the name.`,
    );
  }
  return warnings;
}
