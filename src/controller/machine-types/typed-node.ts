import type { MachineType } from "../../api/machine-type.ts";
import type { TypedNode } from "../../api/status.ts";
import { contradictedPlatform } from "../../hardware/nodes/node.ts";
import type { NodeEntry } from "../../inventory/snapshot.ts";

/** A node as the status of its machine type looks at it. */
export function typedNode({ facts, profile }: NodeEntry, machineType: MachineType): TypedNode {
  const contradiction = contradictedPlatform(facts, machineType.spec.platform);
  return { name: facts.name, profile, ...(contradiction === undefined ? {} : { contradiction }) };
}
