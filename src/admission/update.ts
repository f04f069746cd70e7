import { repositoryName } from "../oci/reference.ts";
import type { ImageDecision } from "../rewriting/decision.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { isBuildOf, noteName } from "../rewriting/notes/note.ts";
import { readReference } from "../rewriting/origin.ts";
import type { AskedImages, ReviewedPod } from "../rewriting/reviewed-pod.ts";

/** The images of a Pod that an update changes. */
export interface ImageChanges {
  /** Asked for again as at creation: they keep the build that they have. */
  readonly restored: readonly ImageDecision[];
  /** Those that are asked for anew. */
  readonly asked: AskedImages;
}

/**
 * Tells the images of an update apart. Whoever applies a manifest of a bare Pod again sends the reference of the
 * manifest, which would replace the rewritten one and restart the container. The answer comes from the old object
 * alone: where it says that the container's build was chosen for this very reference, the container keeps that build,
 * even if the tag has moved, and no registry is asked. Little can be gained by forging the annotation: the image that is
 * put back is the one that is there, and only where it is of the repository that is asked for. Whoever sent the update
 * hears of it: where the annotation is forged, what they asked for does not come.
 */
export function compareImages({ pod, options, places }: ReviewedPod, old: ReviewedPod): ImageChanges {
  const before = new Map(old.places.map((place) => [noteName(place), place.image]));
  const restored: ImageDecision[] = [];
  const anew: ImagePlace[] = [];
  for (const place of places) {
    const name = noteName(place);
    const image = before.get(name);
    if (image === place.image) continue;
    const note = old.notes.get(name);
    const chosen = image !== undefined && note?.asked === place.image && isBuildOf(note, image);
    if (chosen && sameRepository(image, place.image)) {
      const reason = "it keeps the build that was chosen for it when the Pod was made";
      restored.push({ place, code: "restored", image, machineTypes: [], reason, warn: true });
    } else if (isDecided(place, image)) anew.push(place);
  }
  return { restored, asked: { pod, options, places: anew } };
}

/** An image volume never changes once the Pod exists, nor does an ephemeral container that is there already. */
function isDecided({ kind }: ImagePlace, before: string | undefined): boolean {
  return kind !== "volumes" && (before === undefined || kind !== "ephemeralContainers");
}

function sameRepository(image: string, asked: string): boolean {
  const [one, other] = [image, asked].map(readReference);
  return one !== undefined && other !== undefined && repositoryName(one) === repositoryName(other);
}
