import type { MachineType } from "../api/machine-type.ts";
import { machineTypeLabel, profileLabel } from "../api/node-labels.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Candidate } from "./candidate.ts";

/**
 * The candidate that stands for the next node of a machine type. Undefined without a nodeTemplate: nothing is known then
 * about a new node's labels and taints, and such a type takes part once it has nodes. Machines outside the cluster never do.
 *
 * Beside the template's own labels, it has those that a new node will have in any case: what the machine type's
 * selector demands, os and architecture (every kubelet writes them), and the two that the controller writes. The host
 * name is present but nobody's, since it is not known: `Exists` and `NotIn` hold for it, `In` does not.
 */
export function templateCandidate(machineType: MachineType, profile: Profile): Candidate | undefined {
  const { nodeTemplate, nodeSelector } = machineType.spec;
  if (nodeTemplate === undefined || nodeSelector === undefined) return undefined;
  const name = machineType.metadata.name;
  const demanded: Record<string, string> = {};
  for (const { key, operator, values = [] } of nodeSelector.matchExpressions ?? []) {
    const [only] = values;
    if (operator === "In" && values.length === 1 && only !== undefined) demanded[key] = only;
  }
  return {
    kind: "template",
    name,
    labels: {
      "kubernetes.io/hostname": "",
      "kubernetes.io/os": profile.platform.os,
      "kubernetes.io/arch": profile.platform.architecture,
      ...demanded,
      ...nodeSelector.matchLabels,
      ...nodeTemplate.labels,
      [machineTypeLabel]: name,
      [profileLabel]: profile.id,
    },
    taints: nodeTemplate.taints ?? [],
    allocatable: nodeTemplate.allocatable ?? {},
    profile,
    machineType: name,
  };
}
