import { repositoryName } from "../oci/reference.ts";
import type { ImageDecision } from "../rewriting/decision.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { isBuildOf, noteName, type SelectionNote, type SelectionNotes } from "../rewriting/notes/note.ts";
import { isRecent } from "../rewriting/notes/proof.ts";
import { readReference } from "../rewriting/origin.ts";
import type { NotedImages, ReviewedPod } from "../rewriting/reviewed-pod.ts";

/** The images of a Pod that an update changes. */
export interface ImageChanges {
  /** Asked for again as at creation: they keep the build that they have. */
  readonly restored: readonly ImageDecision[];
  /** Those that are asked for anew, and those that other wishes of the Pod's owner put into question. */
  readonly asked: NotedImages;
}

const kept = "it keeps the build that was chosen for it when the Pod was made";
const keptUnproven =
  "it keeps the build that it has: what its annotation says is unproven, as the Pod is older than the keys";

/**
 * Tells the images of an update apart. Whoever applies a manifest of a bare Pod again sends the reference of the
 * manifest, which would replace the rewritten one and restart the container. The answer comes from the old object
 * alone: where a note in it (`putBack`) says that the container's build was chosen for this very reference, the container
 * keeps that build, even if the tag has moved, and no registry is asked. Whoever sent the update hears of it.
 *
 * Where a Pod that has no node yet changes its own word on how its images are chosen, its notes end to prove themselves: so
 * each image that may change is decided on now, as what was asked.
 */
export function compareImages(
  reviewed: ReviewedPod,
  old: ReviewedPod,
  putBack: SelectionNotes,
  written: SelectionNotes = new Map(),
): ImageChanges {
  const { pod, options, places } = reviewed;
  const before = new Map(old.places.map((place) => [noteName(place), place.image]));
  const otherWishes = wishesOtherwise(reviewed, old);
  const restored: ImageDecision[] = [];
  const anew: ImagePlace[] = [];
  for (const place of places) {
    const name = noteName(place);
    const image = before.get(name);
    const questioned = otherWishes && !place.fixed;
    if (written.has(name)) continue;
    if (!questioned && isAskedAgain(place, image, putBack.get(name), old.notes.get(name))) {
      const reason = old.notes.has(name) ? kept : keptUnproven;
      restored.push({ place, code: "restored", image, machineTypes: [], reason, warn: true });
    } else if (image === place.image ? questioned : isDecided(place, image)) anew.push(place);
  }
  // A note says nothing of an image that comes in the place of the one that it is about.
  const same = new Set(places.filter((place) => before.get(noteName(place)) === place.image).map(noteName));
  const onSame = (given: SelectionNotes): SelectionNotes => new Map([...given].filter(([name]) => same.has(name)));
  return { restored, asked: { pod, options, places: anew, notes: onSame(old.notes), claims: onSame(old.claims) } };
}

/**
 * The notes that this webhook wrote in the very request that it is asked about again (reinvocation): proven ones on builds
 * that the old object does not have.
 */
export function ownWritings(reviewed: ReviewedPod, old: ReviewedPod, now: Date): SelectionNotes {
  const before = new Map(old.places.map((place) => [noteName(place), place.image]));
  const images = new Map(reviewed.places.map((place) => [noteName(place), place.image]));
  return new Map(
    [...reviewed.notes].filter(([name, note]) => {
      const image = images.get(name) ?? "";
      return before.get(name) !== image && isBuildOf(note, image) && isRecent(note, now);
    }),
  );
}

/** A Pod that has a node runs what was chosen, whatever it says now. */
function wishesOtherwise({ pod, options }: ReviewedPod, { options: before }: ReviewedPod): boolean {
  const other = options.strategy !== before.strategy || options.accelerators !== before.accelerators;
  return other && (pod.spec.nodeName ?? "") === "";
}

/** Whether it is asked for as at creation, and has a build of that: in another repository only by a proven list. */
function isAskedAgain(
  place: ImagePlace,
  image: string | undefined,
  note: SelectionNote | undefined,
  proven: SelectionNote | undefined,
): image is string {
  if (image === undefined || image === place.image || note?.asked !== place.image) return false;
  return isBuildOf(note, image) && (proven?.list !== undefined || sameRepository(image, place.image));
}

/** An image volume never changes once the Pod exists, nor does an ephemeral container that is there already. */
function isDecided({ kind }: ImagePlace, before: string | undefined): boolean {
  return kind !== "volumes" && (before === undefined || kind !== "ephemeralContainers");
}

function sameRepository(image: string, asked: string): boolean {
  const [one, other] = [image, asked].map(readReference);
  return one !== undefined && other !== undefined && repositoryName(one) === repositoryName(other);
}
