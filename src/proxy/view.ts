import type { Snapshot } from "../inventory/snapshot.ts";
import type { PlacedProfile } from "../placement/placement.ts";

/** The part of the images that somebody sees. */
export type View =
  /** Everything as upstream has it: mirrors and signing tools need that. */
  | { readonly kind: "unfiltered" }
  /** The builds that fit all nodes of a machine type, or a machine that offers its declared features. */
  | { readonly kind: "machineType"; readonly name: string };

const known = new WeakMap<Snapshot, Map<string, readonly PlacedProfile[]>>();

/**
 * The profiles of a machine type's nodes, or of a new node where it has none; undefined where there is no such type. The
 * same array for the same snapshot, by which choices are remembered.
 */
export function profilesOf(snapshot: Snapshot, name: string): readonly PlacedProfile[] | undefined {
  const types = known.get(snapshot) ?? new Map<string, readonly PlacedProfile[]>();
  known.set(snapshot, types);
  const found = types.get(name) ?? placed(snapshot, name);
  if (found !== undefined) types.set(name, found);
  return found;
}

function placed(snapshot: Snapshot, name: string): readonly PlacedProfile[] | undefined {
  const entry = snapshot.machineTypes.get(name);
  if (entry === undefined) return undefined;
  const machineTypes = [name];
  const example = { kind: "template", name } as const;
  if (entry.nodes.length === 0) return [{ profile: entry.template, machineTypes, nodes: 0, templates: 1, example }];
  const profiles = new Set(entry.nodes.map(({ profile }) => profile));
  return [...profiles].map((profile) => ({
    profile,
    machineTypes,
    nodes: entry.nodes.filter((node) => node.profile === profile).length,
    templates: 0,
    example: { kind: "node", name: entry.nodes.find((node) => node.profile === profile)?.facts.name ?? name },
  }));
}
