import { beyondBound, boundPlaces } from "../rewriting/image-bounds.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import type { AskedImages } from "../rewriting/reviewed-pod.ts";

/** A Pod of which the first images are decided on, and the decisions to leave the others. */
export interface Bounded<Asked extends AskedImages> {
  readonly asked: Asked;
  readonly left: readonly PodDecision[];
}

export function boundImages<Asked extends AskedImages>(asked: Asked): Bounded<Asked> {
  const { kept, left } = boundPlaces(asked.places);
  if (left.length === 0) return { asked, left: [] };
  const decisions = left.map(
    (place): PodDecision => ({
      place,
      code: "too-many-images",
      machineTypes: [],
      reason: beyondBound,
      warn: true,
    }),
  );
  return { asked: { ...asked, places: kept }, left: decisions };
}
