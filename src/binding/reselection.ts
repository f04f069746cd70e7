import type { PlacedProfile } from "../placement/placement.ts";
import type { IndexImage } from "../registry/images.ts";
import type { DecisionContext } from "../rewriting/decide.ts";
import type { DecisionCode } from "../rewriting/decision.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import type { SelectionNote } from "../rewriting/notes/note.ts";
import type { ImageKnowledge } from "../rewriting/origin.ts";

/** All that deciding at a Pod's binding needs: the same as at its admission, but for where it can land. */
export type ReselectContext = ImageKnowledge &
  Pick<DecisionContext, "judge" | "mayAsk" | "imageForm" | "noteKeys"> & {
    /** Whether all of these places run this build of the index. @throws RegistryError ABORTED where the signal ends first */
    runs(
      image: IndexImage,
      digest: string,
      landings: readonly PlacedProfile[],
      accelerated: boolean,
      signal: AbortSignal,
    ): Promise<boolean>;
  };

/** The node that a Pod is bound to. */
export interface BoundNode {
  readonly name: string;
  /** The node alone, as the only place where the Pod can land. The same array for equal nodes. */
  readonly landings: readonly PlacedProfile[];
  /** All places where the Pod could have landed, for `strategy: common`. */
  readonly candidates: readonly PlacedProfile[];
  /** Maps the name of each container with DRA devices to the node's offer for it. */
  readonly containers?: ReadonlyMap<string, Pick<BoundNode, "landings" | "candidates" | "doubt">>;
  /** Why a container's devices are not known, one line for people. */
  readonly doubt?: string;
}

/** The future of one image of a Pod, now that its node is known. */
export interface Reselection {
  readonly place: ImagePlace;
  /**
   * `keep`: it stays. `choose`: a build instead of the reference that the owner wrote. `correct`: another build than the
   * one chosen at admission. `move`: another than was chosen for a node to which the Pod was not bound in the end.
   * `return`: the owner's reference instead of a build that this node does not run.
   */
  readonly kind: "keep" | "choose" | "correct" | "move" | "return";
  readonly code: DecisionCode;
  /** One line for people. */
  readonly reason: string;
  /** Why its container's devices are not known, so that nothing was chosen for them. */
  readonly doubt?: string;
  /** True where the Pod's owner should hear of it. */
  readonly surprising: boolean;
  /** True where this build is right here, and another node may need another one. */
  readonly chosen?: boolean;
  /**
   * The write, where there is one. For `keep` only the note changes: it is written over an open choice, or over a note
   * for another node. So a bound Pod whose choice is open was missed.
   */
  readonly write?: { readonly image: string; readonly note: SelectionNote };
}
