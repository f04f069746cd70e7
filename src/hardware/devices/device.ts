/** A device that DRA allocated, by the three names that make it out (resource.k8s.io/v1, DeviceRequestAllocationResult). */
export interface DeviceName {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
}

/**
 * The values of a device's attributes as text, by the attribute's name; the driver's own domain is left out, so that
 * `gpu.nvidia.com/type` and `type` are the same. Lists have several.
 */
export type DeviceAttributes = ReadonlyMap<string, readonly string[]>;

/** A device that a container gets. */
export interface AllocatedDevice extends DeviceName {
  /** Undefined where no ResourceSlice that is known has the device. */
  readonly attributes: DeviceAttributes | undefined;
}

/** An attribute whose value is a feature, as a machine type's `deviceAttributes` says. */
export interface AttributeMapping {
  readonly driver: string;
  readonly attribute: string;
  /** As its owner spelled it. */
  readonly namespace: string;
}

/** The attribute's name as the driver itself would write it. */
export function ownName(driver: string, attribute: string): string {
  return attribute.startsWith(`${driver}/`) ? attribute.slice(driver.length + 1) : attribute;
}
