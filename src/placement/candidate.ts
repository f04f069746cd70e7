import type { Taint } from "../api/node.ts";
import type { Toleration } from "../api/taints.ts";
import type { Profile } from "../hardware/profile.ts";

/**
 * A node that exists, or the nodeTemplate of a machine type that has no node yet. Immutable. Whoever builds the
 * candidates keeps the objects inside (`labels`, `taints`, `allocatable`, `profile`) of unchanged nodes the same
 * objects, so that `PlacementIndex.from` can tell cheaply what changed.
 */
export interface Candidate {
  readonly kind: "node" | "template";
  /** The node's name, or the machine type's for a template. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Extended resources and their Kubernetes quantities, e.g. `{"nvidia.com/gpu": "1"}`. */
  readonly allocatable: Readonly<Record<string, string>>;
  readonly profile: Profile;
  readonly machineType?: string;
}

/** node.k8s.io/v1 RuntimeClass `scheduling`: what the RuntimeClass admission plugin merges into a Pod (KEP-585). */
export interface RuntimeClassScheduling {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
}

/** The parts of the cluster, beside its nodes, that decide where a Pod can land. */
export interface PlacementContext {
  /** Extended resources that a DeviceClass serves (`spec.extendedResourceName`, KEP-5004). */
  readonly deviceClassResources: ReadonlySet<string>;
  readonly runtimeClasses: ReadonlyMap<string, RuntimeClassScheduling>;
  /** Keys of taints of one's own that come off by themselves (a CNI's or CSI driver's start-up taint). */
  readonly transientTaints?: ReadonlySet<string>;
}
