import type { NodeEntry } from "../inventory/snapshot.ts";
import { MACHINE_TYPE_LABEL, PROFILE_LABEL } from "../placement/template.ts";

/** The labels that the controller owns on a node: whose it is, where it is anyone's, and what it offers. */
export function desiredLabels({ machineType, profile }: NodeEntry): Readonly<Record<string, string>> {
  return machineType === undefined
    ? { [PROFILE_LABEL]: profile.id }
    : { [MACHINE_TYPE_LABEL]: machineType, [PROFILE_LABEL]: profile.id };
}

/** True where the node does not carry exactly the desired ones of these labels. */
export function labelsDiffer(entry: NodeEntry): boolean {
  const desired = desiredLabels(entry);
  return [MACHINE_TYPE_LABEL, PROFILE_LABEL].some((label) => entry.facts.labels[label] !== desired[label]);
}
