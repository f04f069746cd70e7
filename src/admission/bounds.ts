import { aborted } from "../registry/flight.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import type { PodDecision } from "../rewriting/patch.ts";
import type { AskedImages } from "../rewriting/reviewed-pod.ts";
import { Turns } from "../time/turns.ts";
import type { AdmissionContext } from "./copies.ts";

/** Distinct image references of one review; a Pod has a handful. More are left as written. */
export const mostImages = 256;
/** Look-ups of one review at once: they share the places at registries with the reviews of everybody else. */
const mostLookups = 16;

/** A Pod of which the first images are decided on, and the decisions to leave the others. */
export interface Bounded<Asked extends AskedImages> {
  readonly asked: Asked;
  readonly left: readonly PodDecision[];
}

/** Containers with the same image count once: they cost one look-up. */
export function boundImages<Asked extends AskedImages>(asked: Asked): Bounded<Asked> {
  const distinct = new Set<string>();
  const kept: ImagePlace[] = [];
  const left: PodDecision[] = [];
  for (const place of asked.places) {
    if (distinct.size < mostImages) distinct.add(place.image);
    if (distinct.has(place.image)) kept.push(place);
    else left.push(leave(place));
  }
  return left.length === 0 ? { asked, left } : { asked: { ...asked, places: kept }, left };
}

function leave(place: ImagePlace): PodDecision {
  const reason = `only the first ${mostImages} images of a Pod are looked at`;
  return { place, code: "too-many-images", machineTypes: [], reason, warn: true };
}

/** The context for one review: so many of its look-ups are under way at once, and the others wait for their turn. */
export function boundLookups(context: AdmissionContext): AdmissionContext {
  const turns = new Turns(mostLookups);
  return {
    ...context,
    lookup: async (reference, pod, namespace, signal) => {
      try {
        return await turns.run(signal, () => context.lookup(reference, pod, namespace, signal));
      } catch (error) {
        // Ended while it waited for its turn: it reads as if it had been ended while it asked.
        throw signal.aborted && error === signal.reason ? aborted(signal) : error;
      }
    },
  };
}
