import { aborted } from "../registry/flight.ts";
import { Turns } from "../time/turns.ts";
import type { ImagePlace } from "./images.ts";
import type { ImageKnowledge } from "./origin.ts";

/** Distinct image references of one review; a Pod has a handful. More are left as they are. */
export const mostImages = 256;
/** Look-ups of one review at once: they share the places at registries with the reviews of everybody else. */
const mostLookups = 16;

/** One line for people, on an image that is not looked at. */
export const beyondBound = `only the first ${mostImages} images of a Pod are looked at`;

/** Parts those that are looked at from those that are left. Containers with the same image count once: one look-up. */
export function boundPlaces(places: readonly ImagePlace[]): {
  readonly kept: readonly ImagePlace[];
  readonly left: readonly ImagePlace[];
} {
  const distinct = new Set<string>();
  const kept: ImagePlace[] = [];
  const left: ImagePlace[] = [];
  for (const place of places) {
    if (distinct.size < mostImages) distinct.add(place.image);
    (distinct.has(place.image) ? kept : left).push(place);
  }
  return { kept, left };
}

/** The context for one review: so many of its look-ups are under way at once, and the others wait for their turn. */
export function boundLookups<Context extends Pick<ImageKnowledge, "lookup">>(context: Context): Context {
  const turns = new Turns(mostLookups);
  const lookup: ImageKnowledge["lookup"] = async (reference, pod, namespace, signal) => {
    try {
      return await turns.run(signal, () => context.lookup(reference, pod, namespace, signal));
    } catch (error) {
      // Ended while it waited for its turn: it reads as if it had been ended while it asked.
      throw signal.aborted && error === signal.reason ? aborted(signal) : error;
    }
  };
  return { ...context, lookup };
}
