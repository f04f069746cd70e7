import { profileLabel } from "../api/node-labels.ts";
import type { PlacedProfile } from "../placement/placement.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Whether nodes of this profile carry the label `metahub.dev/profile`: where the controller labels no nodes, a Pod that
 * was steered by it would never be scheduled. A node that is to come will be labelled.
 */
export function isLabelled({ example }: PlacedProfile, snapshot: Snapshot | undefined): boolean {
  if (example.kind === "template") return true;
  return snapshot?.nodes.get(example.name)?.facts.labels[profileLabel] !== undefined;
}
