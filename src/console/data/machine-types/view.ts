import { HardwareError } from "../../../hardware/error.ts";
import type { Feature } from "../../../hardware/feature.ts";
import { formatFeature } from "../../../hardware/feature.ts";
import { parseFeature, parseFeatureList } from "../../../hardware/parse.ts";
import { formatPlatform } from "../../../hardware/platform.ts";
import type { Profile } from "../../../hardware/profile.ts";
import type { MachineTypeEntry, NodeEntry } from "../../../inventory/snapshot.ts";
import type { MachineTypeView } from "../../contract/machine-types.ts";
import { says } from "../features/says.ts";
import type { StoredMachineType } from "./stored.ts";

/** Kinds of nodes of one type that are shown; what there is beyond them is a mistake in the selector. */
const mostProfiles = 32;

/** All that a person may know of a machine type beside the object itself. */
export interface KnownOfType {
  /** Undefined where the person may not read nodes: then the status that the controller wrote tells of them. */
  readonly entry: MachineTypeEntry | undefined;
  /** Credentials that count now; undefined where the person may not read them. */
  readonly credentials: number | undefined;
}

/** A machine type as people see it. */
export function machineTypeView(stored: StoredMachineType, { entry, credentials }: KnownOfType): MachineTypeView {
  const seen = entry === undefined ? ofStatus(stored) : ofNodes(entry);
  const { name, resourceVersion, spec, status, yaml, changed } = stored;
  const { platform, features, nodes, profiles } = seen;
  return {
    name,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    spec,
    external: spec["external"] === true,
    ...(platform === undefined ? {} : { platform }),
    features: grouped(features, declaredBy(stored)),
    nodes,
    profiles: [...profiles],
    conditions: conditionsOf(stored, status?.conditions ?? []),
    ...(credentials === undefined ? {} : { credentials }),
    yaml,
    ...(changed === undefined ? {} : { changed }),
  };
}

interface Seen {
  readonly platform: string | undefined;
  readonly features: readonly string[];
  readonly nodes: number;
  readonly profiles: MachineTypeView["profiles"];
}

function ofNodes({ nodes, template }: MachineTypeEntry): Seen {
  const groups = profilesOf(nodes);
  const shown = groups.size === 0 ? [template] : [...groups.keys()];
  return {
    platform: [...new Set(shown.map(({ platform }) => formatPlatform(platform)))].join(", "),
    features: commonFeatures(shown),
    nodes: nodes.length,
    profiles: [...groups]
      .sort(([, left], [, right]) => right.length - left.length)
      .slice(0, mostProfiles)
      .map(([profile, own]) => ({ features: offersOf(profile), nodes: own.length, example: own[0]?.facts.name ?? "" })),
  };
}

function ofStatus({ status, parsed }: StoredMachineType): Seen {
  const declared = parsed === undefined ? [] : declaredFeatures(parsed.spec.features ?? []);
  return {
    platform: status?.platform,
    features: status?.features ?? declared,
    nodes: status?.nodes ?? 0,
    profiles: (status?.profiles ?? []).map(({ features, nodes, example }) => ({
      features: [...features],
      nodes,
      example,
    })),
  };
}

/** Nodes by what they offer; the first of each by name. */
export function profilesOf(nodes: readonly NodeEntry[]): ReadonlyMap<Profile, readonly NodeEntry[]> {
  const groups = new Map<Profile, NodeEntry[]>();
  for (const node of nodes) {
    const group = groups.get(node.profile);
    if (group === undefined) groups.set(node.profile, [node]);
    else group.push(node);
  }
  return groups;
}

/** All that a machine of this profile offers, with what its devices do. Sorted. */
function offersOf({ features, accelerators }: Profile): string[] {
  return [...features, ...accelerators].map(formatFeature).sort();
}

/** The features that each of the profiles offers. Sorted. */
export function commonFeatures(profiles: readonly Profile[]): string[] {
  const [first = [], ...others] = profiles.map(offersOf);
  const sets = others.map((texts) => new Set(texts));
  return first.filter((text) => sets.every((set) => set.has(text)));
}

/** Features as the canonical texts that they mean; one that cannot be read is left out. */
function declaredFeatures(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    try {
      return parseFeatureList(text).map(formatFeature);
    } catch (error) {
      if (!(error instanceof HardwareError)) throw error;
      return [];
    }
  });
}

function declaredBy({ parsed }: StoredMachineType): ReadonlySet<string> {
  return new Set(declaredFeatures(parsed?.spec.features ?? []));
}

function grouped(features: readonly string[], declared: ReadonlySet<string>): MachineTypeView["features"] {
  const groups = new Map<string, MachineTypeView["features"][number]["features"]>();
  for (const text of features) {
    const feature = featureOf(text);
    const group = groups.get(feature.namespace) ?? [];
    groups.set(feature.namespace, group);
    group.push({ feature: text, declared: declared.has(text), says: says(feature) });
  }
  return [...groups].map(([namespace, own]) => ({ namespace, features: own }));
}

/** A canonical text, taken apart; one of a status may be anything. */
function featureOf(text: string): Feature {
  try {
    return parseFeature(text);
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    const colon = text.indexOf(":");
    return colon < 0
      ? { namespace: text, value: "" }
      : { namespace: text.slice(0, colon), value: text.slice(colon + 1) };
  }
}

function conditionsOf(
  { problem }: StoredMachineType,
  conditions: readonly MachineTypeView["conditions"][number][],
): MachineTypeView["conditions"] {
  const told = conditions.map(({ type, status, reason, message }) => ({ type, status, reason, message }));
  if (problem === undefined) return told;
  return [{ type: "Readable", status: "False", reason: "Invalid", message: problem }, ...told];
}
