import { HardwareError, quote } from "../error.ts";
import { type Feature, formatFeature } from "../feature.ts";
import { namespaceKind } from "../namespace.ts";
import { parseFeatures } from "../parse.ts";
import type { AllocatedDevice, AttributeMapping } from "./device.ts";
import { type AttributeRule, labelledNamespaces, rulesOf } from "./drivers.ts";

/** The word of a container's devices together on one namespace. */
export interface DeviceStatement {
  /** Empty where a device that should tell does not: unknown is not yes. */
  readonly features: readonly Feature[];
  /** True where the machine type's owner named the attribute. */
  readonly mapped: boolean;
}

/** The words of the devices that a container gets. */
export interface DeviceFeatures {
  /** By canonical namespace. */
  readonly statements: ReadonlyMap<string, DeviceStatement>;
  /** Namespaces of these devices that only labels can tell. */
  readonly fromLabels: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/**
 * The features of the devices that one container gets: what ALL of them satisfy, as far as their driver is known to
 * tell it. A device of a driver that tells nothing of a namespace (a network card, of `nvcap`) does not count there.
 */
export function deviceFeatures(
  devices: readonly AllocatedDevice[],
  mappings: readonly AttributeMapping[],
): DeviceFeatures {
  const statements = new Map<string, DeviceStatement>();
  const fromLabels = new Set<string>();
  const notes = new Set<string>();
  for (const device of devices) {
    for (const namespace of labelledNamespaces(device.driver)) fromLabels.add(namespace);
    for (const rule of rulesOf(device.driver, mappings)) {
      const features = read(device, rule, notes);
      const before = statements.get(rule.namespace);
      statements.set(rule.namespace, {
        features: before === undefined ? features : together(rule.namespace, before.features, features),
        mapped: rule.mapped || before?.mapped === true,
      });
    }
  }
  return { statements, fromLabels, notes: [...notes] };
}

/**
 * Both must satisfy. A machine with several values of a device's namespace offers what all of them satisfy
 * (createOffer), so there they are gathered; of others any value counts, so only those of both are left.
 */
function together(namespace: string, a: readonly Feature[], b: readonly Feature[]): readonly Feature[] {
  if (a.length === 0 || b.length === 0) return [];
  const texts = new Set(a.map(formatFeature));
  switch (namespaceKind(namespace)) {
    case "capability":
    case "target":
    case "version":
    case "os-version":
      return [...a, ...b.filter((feature) => !texts.has(formatFeature(feature)))];
    default:
      return b.filter((feature) => texts.has(formatFeature(feature)));
  }
}

/** The first of the devices of which nothing is known although something should be, as a sentence's end. */
export function unknownDevice(
  devices: readonly AllocatedDevice[],
  mappings: readonly AttributeMapping[],
): string | undefined {
  const unknown = devices.find(
    ({ driver, attributes }) => attributes === undefined && rulesOf(driver, mappings).length > 0,
  );
  return unknown && `device ${quote(unknown.device)} of ${quote(unknown.driver)} is in no ResourceSlice`;
}

function read(device: AllocatedDevice, rule: AttributeRule, notes: Set<string>): readonly Feature[] {
  const name = `Device ${quote(device.device)} of ${quote(device.driver)}`;
  if (device.attributes === undefined) {
    notes.add(`${name} is in no ResourceSlice, so nothing is known of it.`);
    return [];
  }
  const texts = rule.read(device.attributes);
  if (texts.length === 0) {
    notes.add(`${name} does not tell ${rule.namespace}: ${rule.attributes.join(", ")} is absent or not known.`);
    return [];
  }
  try {
    // `compute_90` is PTX, which an image has and no device is.
    return texts.flatMap((text) => parseFeatures(text)).filter(({ namespace }) => namespace === rule.namespace);
  } catch (error) {
    if (!(error instanceof HardwareError)) throw error;
    notes.add(`${name} does not tell ${rule.namespace}: ${error.message}`);
    return [];
  }
}
