import type { NodeEntry } from "../../inventory/snapshot.ts";
import { machineTypeLabel, profileLabel } from "../../placement/template.ts";

/** The labels that the controller owns on a node: its machine type, where it has one, and its profile. */
export function desiredLabels({ machineType, profile }: NodeEntry): Readonly<Record<string, string>> {
  return machineType === undefined
    ? { [profileLabel]: profile.id }
    : { [machineTypeLabel]: machineType, [profileLabel]: profile.id };
}

/** True where the node does not carry exactly the desired ones of these labels. */
export function labelsDiffer(entry: NodeEntry): boolean {
  const desired = desiredLabels(entry);
  return [machineTypeLabel, profileLabel].some((label) => entry.facts.labels[label] !== desired[label]);
}
