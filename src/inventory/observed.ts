import type { MachineType, MachineTypeSpec } from "../api/machine-type.ts";

/**
 * A machine type that declares what its nodes were seen to have in common, for a program that may read no nodes: the
 * controller writes it into the status. Without nodes it is as it declares itself. Undefined where its nodes are of several
 * platforms: no build is for all of them.
 */
export function asObserved(machineType: MachineType): MachineType | undefined {
  const { spec, status } = machineType;
  if (status === undefined || (status.nodes ?? 0) === 0) return machineType;
  const platform = platformOf(status.platform);
  if (platform === undefined) return undefined;
  // All that else says what a node offers is in the features already.
  const { nodeTemplate: _, featureLabels: __, deviceAttributes: ___, ...rest } = spec;
  return { ...machineType, spec: { ...rest, platform, features: status.features ?? [] } };
}

/** As the status has it: `linux/arm/v7`. */
function platformOf(text: string | undefined): MachineTypeSpec["platform"] {
  const [os, architecture, variant] = text?.split("/") ?? [];
  if (os === undefined || architecture === undefined) return undefined;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
