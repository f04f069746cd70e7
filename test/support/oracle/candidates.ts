import type { Pod } from "../../../src/api/pod.ts";
import type { Snapshot } from "../../../src/inventory/snapshot.ts";

/** The nodes that we say a Pod can land on, by name, and why. */
export interface Candidates {
  readonly nodes: ReadonlySet<string>;
  readonly reason: string;
}

/** Each node has a profile of its own, so the profile's example is the node. */
export function candidatesOf(snapshot: Snapshot, pod: Pod): Candidates {
  const { profiles, nodes, reason } = snapshot.placement.place(pod);
  const names = new Set(profiles.map(({ example }) => example.name));
  if (names.size !== nodes) throw new Error(`${nodes} nodes in ${names.size} profiles: ${reason}`);
  return { nodes: names, reason };
}
