import { LRUCache } from "lru-cache";
import { formatFeature } from "../../../hardware/feature.ts";
import { offerOfNode } from "../../../hardware/nodes/offer.ts";
import { formatPlatform } from "../../../hardware/platform.ts";
import type { Profile } from "../../../hardware/profile.ts";
import type { NodeEntry, Snapshot } from "../../../inventory/snapshot.ts";
import type { NodeQuery } from "../../backend.ts";
import type { NodeView } from "../../contract/views.ts";
import { type PageOf, pageOf } from "../paging.ts";
import { sourceOf } from "./source.ts";

/** Nodes whose answers are kept: four of the largest pages. One takes some 3 kB. */
const mostKept = 2_000;

/** The nodes of one snapshot, by name. */
const inOrder = new WeakMap<Snapshot, readonly NodeEntry[]>();
/** The texts that a search looks at in a profile. */
const texts = new WeakMap<Profile, string>();

/** Nodes as people see them. Answers are kept for the nodes that were asked for last. */
export class NodeViews {
  /** An entry stands for a node, its labels and its machine type, and is another one as soon as any of them changes. */
  readonly #known = new LRUCache<NodeEntry, NodeView>({ max: mostKept });

  page(snapshot: Snapshot, query: NodeQuery): PageOf<NodeView> {
    const found = pageOf(matching(snapshot, query), nameOf, query);
    return { ...found, items: found.items.map((entry) => this.#view(entry, snapshot)) };
  }

  #view(entry: NodeEntry, snapshot: Snapshot): NodeView {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    const made = nodeView(entry, snapshot);
    this.#known.set(entry, made);
    return made;
  }
}

function matching(snapshot: Snapshot, { search, machineType, profile }: NodeQuery): readonly NodeEntry[] {
  const sorted = sortedNodes(snapshot);
  const text = search?.trim().toLowerCase() ?? "";
  if (text === "" && machineType === undefined && profile === undefined) return sorted;
  return sorted.filter(
    (entry) =>
      (machineType === undefined || (entry.machineType ?? "") === machineType) &&
      (profile === undefined || entry.profile.id === profile) &&
      (text === "" || holds(entry, text)),
  );
}

function sortedNodes(snapshot: Snapshot): readonly NodeEntry[] {
  const known = inOrder.get(snapshot);
  if (known !== undefined) return known;
  const sorted = [...snapshot.nodes.values()].sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  inOrder.set(snapshot, sorted);
  return sorted;
}

function nameOf({ facts }: NodeEntry): string {
  return facts.name;
}

function holds({ facts, machineType, profile }: NodeEntry, text: string): boolean {
  return (
    facts.name.includes(text) || machineType?.toLowerCase().includes(text) === true || textOf(profile).includes(text)
  );
}

function textOf(profile: Profile): string {
  const known = texts.get(profile);
  if (known !== undefined) return known;
  const { features, accelerators, platform, id } = profile;
  const text = [id, formatPlatform(platform), ...[...features, ...accelerators].map(formatFeature)].join("\n");
  texts.set(profile, text.toLowerCase());
  return text.toLowerCase();
}

function nodeView({ facts, profile, machineType }: NodeEntry, snapshot: Snapshot): NodeView {
  const declared = machineType === undefined ? undefined : snapshot.machineTypes.get(machineType)?.resource.spec;
  const { sources } = offerOfNode(facts, declared);
  const features = [...profile.features, ...profile.accelerators].map((feature) => {
    const source = sources.get(feature.namespace);
    return {
      feature: formatFeature(feature),
      from: source === undefined ? "" : sourceOf(feature, source, facts, declared),
    };
  });
  return {
    name: facts.name,
    machineType: machineType ?? null,
    profile: profile.id,
    platform: formatPlatform(profile.platform),
    features: features.sort((left, right) => (left.feature < right.feature ? -1 : 1)),
    notBelieved: [...profile.notes],
  };
}
