import { LRUCache } from "lru-cache";
import { internProfile } from "../hardware/nodes/intern.ts";
import { offerOfNode, unknownArchitecture } from "../hardware/nodes/offer.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { PlacedProfile } from "../placement/placement.ts";

/** The part of the images that somebody sees. */
export type View =
  /** Everything as upstream has it: mirrors and signing tools need that. */
  | { readonly kind: "unfiltered" }
  /** The builds that fit all nodes of a machine type, or a machine that offers its declared features. */
  | { readonly kind: "machineType"; readonly name: string }
  /** The builds for a machine of which the client itself says what it offers. */
  | { readonly kind: "features"; readonly features: readonly string[] }
  /** The builds for a machine that offers nothing. */
  | { readonly kind: "anonymous" };

/** The machine that is meant where neither a machine type nor a CPU says more. */
const plainPlatform = { os: "linux", architecture: "amd64" };
/** Descriptions of machines that are kept; strangers may write them, in user names of 256 characters. */
const mostDescribed = 256;

const known = new WeakMap<Snapshot, Map<string, readonly PlacedProfile[]>>();
const described = new LRUCache<string, readonly PlacedProfile[]>({ max: mostDescribed });

/** The machine of a view, for messages. */
export function machineOf(view: Exclude<View, { kind: "unfiltered" }>): string {
  switch (view.kind) {
    case "machineType":
      return `machine type ${view.name}`;
    case "features":
      return `a machine that offers ${view.features.join(", ")}`;
    case "anonymous":
      return "a machine that offers nothing";
  }
}

/**
 * The profiles of a view: those of a machine type's nodes, or of a new node where it has none; undefined where there is no
 * such type. The same array for the same snapshot, by which choices are remembered.
 */
export function profilesOf(
  snapshot: Snapshot,
  view: Exclude<View, { kind: "unfiltered" }>,
): readonly PlacedProfile[] | undefined {
  if (view.kind !== "machineType") return describedBy(view.kind === "anonymous" ? [] : view.features);
  const { name } = view;
  const types = known.get(snapshot) ?? new Map<string, readonly PlacedProfile[]>();
  known.set(snapshot, types);
  const found = types.get(name) ?? placed(snapshot, name);
  if (found !== undefined) types.set(name, found);
  return found;
}

function describedBy(features: readonly string[]): readonly PlacedProfile[] {
  const key = features.join(",");
  const before = described.get(key);
  if (before !== undefined) return before;
  const nowhere = { labels: {}, operatingSystem: "", architecture: "", kernelVersion: "", allocatable: {} };
  const said = offerOfNode(nowhere, { features: [...features] });
  const offer =
    said.platform.architecture === unknownArchitecture
      ? offerOfNode(nowhere, { features: [...features], platform: plainPlatform })
      : said;
  const example = { kind: "template", name: "described" } as const;
  const profiles = [{ profile: internProfile(offer), machineTypes: [], nodes: 0, templates: 1, example }];
  described.set(key, profiles);
  return profiles;
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
