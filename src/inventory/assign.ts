import type { MachineType } from "../api/machine-type.ts";
import { matchesLabelSelector } from "../api/match-selector.ts";

/** Machine types in the order in which they claim nodes: the higher priority first, then by name. */
export function claimOrder(machineTypes: Iterable<MachineType>): readonly MachineType[] {
  return [...machineTypes].sort((left, right) => {
    const byPriority = (right.spec.priority ?? 0) - (left.spec.priority ?? 0);
    if (byPriority !== 0) return byPriority;
    return left.metadata.name < right.metadata.name ? -1 : 1;
  });
}

/** The machine types that a node's labels fit, in claim order: the first has the node, the others overlap with it. */
export function claims(
  labels: Readonly<Record<string, string>>,
  inOrder: readonly MachineType[],
): readonly MachineType[] {
  return inOrder.filter(
    ({ spec }) => spec.nodeSelector !== undefined && matchesLabelSelector(spec.nodeSelector, labels),
  );
}
