import type { Profile } from "../hardware/profile.ts";

/** The rules that can narrow where a Pod lands, in the order in which they are applied. */
export type PlacementRule = "nodeName" | "nodeSelector" | "nodeAffinity" | "resources" | "taints";

/** One rule of the Pod, and what it left. */
export interface PlacementStep {
  readonly rule: PlacementRule;
  /** For people, e.g. `nodeSelector pool=gpu`. Bounded in length. */
  readonly text: string;
  /** Candidates that were left after this rule and those before it. */
  readonly left: number;
}

/** A profile that the Pod can meet. */
export interface PlacedProfile {
  readonly profile: Profile;
  /** Machine types of the candidates with this profile, in order of name; empty where none of them has one. */
  readonly machineTypes: readonly string[];
  /** Nodes that exist. */
  readonly nodes: number;
  /** Machine types without nodes. */
  readonly templates: number;
  /** A node with this profile; where none exists, a machine type. */
  readonly example: { readonly kind: "node" | "template"; readonly name: string };
}

/** Where a Pod can land: a superset of what the scheduler will allow. Frozen; the same object for equal Pods. */
export interface Placement {
  /** Most nodes first, then most templates, then by id. Empty where no candidate fits. */
  readonly profiles: readonly PlacedProfile[];
  readonly nodes: number;
  readonly templates: number;
  /** The node that the Pod's own `spec.nodeName` names, known or not. */
  readonly nodeName?: string;
  readonly steps: readonly PlacementStep[];
  /** One line for people: which rule left how many, or which rule left none. */
  readonly reason: string;
}
