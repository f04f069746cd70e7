import type { SelectionCode } from "../selection/selection.ts";
import type { ImagePlace } from "./images.ts";

/** Machine-readable reason of what was done with one image reference. */
export type DecisionCode =
  | SelectionCode
  | "restored" // an update asked again for what the container runs a build of: it keeps that build
  | "no-index" // one manifest, hence no choice
  | "invalid-reference" // the kubelet will refuse it too
  | "registry-not-asked" // its registry is not in the list of those that may be asked
  | "registry-failed" // its registry did not answer, or not with what was asked
  | "not-found" // the registry says that it is not there, or not for these credentials
  | "no-nodes" // no node or nodeTemplate fits the Pod now
  | "nodes-differ" // the Pod can land on nodes that need different variants
  | "at-binding" // the Pod asks for the choice to be made when it is bound (strategy bind)
  | "unproven" // the annotation says that this build was chosen, and does not prove it: so it is pinned
  | "too-many-images" // the Pod has more distinct images than are looked at
  | "deadline" // the time for this review ran out
  | "not-ready"; // nodes and machine types are not known yet

/** The decision on one image reference, and why. */
export interface ImageDecision {
  readonly place: ImagePlace;
  readonly code: DecisionCode;
  /** The reference to write, where the image changes. */
  readonly image?: string;
  /** Digest of the index that was read. */
  readonly index?: string;
  /** In place of an index: the manifest list that was read, as notes name it. */
  readonly list?: string;
  /** True where nothing can be left for the Pod's binding, since its list decides nothing there. */
  readonly nowOrNever?: boolean;
  /** Digest of the variant that was chosen. */
  readonly variant?: string;
  readonly requires?: string;
  readonly machineTypes: readonly string[];
  /** One line for people. */
  readonly reason: string;
  /** True where the Pod's owner should hear of it: something that was asked for did not happen. */
  readonly warn: boolean;
}
