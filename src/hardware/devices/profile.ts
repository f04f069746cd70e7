import { createHash } from "node:crypto";
import { type Feature, formatFeature } from "../feature.ts";
import type { Profile } from "../profile.ts";
import type { AllocatedDevice, AttributeMapping } from "./device.ts";
import { deviceFeatures } from "./features.ts";

/** The devices that one container gets by DRA, and whether labels of its node may speak for what it gets. */
export interface ContainerDevices {
  /** Undefined where it could not be found out. */
  readonly devices: readonly AllocatedDevice[] | undefined;
  /**
   * `none`: it gets nothing that labels speak of. `unspoken`: they count where no device speaks (its owner wants
   * accelerators to count always). `also`: it gets another device, by a device plugin, for which they speak.
   */
  readonly labels: "none" | "unspoken" | "also";
}

/**
 * The node's offer to a container that gets these devices. Who speaks first of a namespace is believed: the
 * attributes that the machine type names, the features that it declares, what is known of the devices' drivers, labels.
 * All is in `features`; `accelerators` is empty.
 */
export function profileWithDevices(
  profile: Profile,
  container: ContainerDevices,
  mappings: readonly AttributeMapping[],
): Profile {
  const { statements, fromLabels, notes } = deviceFeatures(container.devices ?? [], mappings);
  const declared = profile.features.filter(({ namespace }) => statements.get(namespace)?.mapped !== true);
  const spokenFor = new Set(declared.map(({ namespace }) => namespace));
  const offered = [...declared];
  for (const [namespace, { features }] of statements) if (!spokenFor.has(namespace)) offered.push(...features);
  for (const feature of profile.accelerators) {
    if (mayTell(feature.namespace)) offered.push(feature);
  }
  const features = sorted(offered);
  return { id: idOf(profile, features), platform: profile.platform, features, accelerators: [], notes };

  function mayTell(namespace: string): boolean {
    const statement = statements.get(namespace);
    // What is not known of a device stays so, whatever labels say of another.
    if (statement !== undefined) return container.labels === "also" && statement.features.length > 0;
    if (container.labels === "also") return container.devices !== undefined;
    return container.labels === "unspoken" || fromLabels.has(namespace);
  }
}

function sorted(features: readonly Feature[]): readonly Feature[] {
  const byText = new Map(features.map((feature) => [formatFeature(feature), feature]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, feature]) => feature);
}

/** Not the id of any node's own profile, which would have accelerators for other containers. */
function idOf(profile: Profile, features: readonly Feature[]): string {
  const content = JSON.stringify(["devices", profile.id, features.map(formatFeature)]);
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}
