import type { Container, Pod } from "../api/pod.ts";
import { repositoryName } from "../oci/reference.ts";
import { parseSelection, selectionAnnotation } from "../rewriting/annotation.ts";
import type { ImageDecision } from "../rewriting/decision.ts";
import { type ImagePlace, imagePlaces } from "../rewriting/images.ts";
import { readReference } from "../rewriting/origin.ts";
import { noteName } from "../rewriting/patch.ts";

/** What an update changes about a Pod's images. */
export interface ImageChanges {
  /** Asked for again as at creation: they keep the build that they have. */
  readonly restored: readonly ImageDecision[];
  /** The Pod with those images only that are asked for anew. */
  readonly asked: Pod;
}

/**
 * Tells the images of an update apart. Whoever applies a manifest of a bare Pod again sends the reference of the
 * manifest, which would replace the rewritten one and restart the container. The answer comes from the old object
 * alone: where it says that the container's build was chosen for this very reference, the container keeps that build,
 * even if the tag has moved, and no registry is asked. Little can be gained by forging the annotation: the image that is
 * put back is the one that is there, and only where it is of the repository that is asked for.
 */
export function compareImages(pod: Pod, old: Pod): ImageChanges {
  const before = new Map(imagePlaces(old).map((place) => [noteName(place), place.image]));
  const notes = parseSelection(old.metadata.annotations?.[selectionAnnotation]);
  const restored: ImageDecision[] = [];
  const anew = new Set<string>();
  for (const place of imagePlaces(pod)) {
    const name = noteName(place);
    const image = before.get(name);
    if (image === place.image) continue;
    const note = notes.get(name);
    const chosen = note?.["asked"] === place.image && runsVariant(image, note["variant"]);
    if (image !== undefined && chosen && sameRepository(image, place.image)) {
      const reason = "it keeps the build that was chosen for it when the Pod was made";
      restored.push({ place, code: "restored", image, machineTypes: [], reason, warn: false });
    } else if (image === undefined || place.kind !== "ephemeralContainers") {
      anew.add(place.pointer);
    } // Another image for an ephemeral container that is there already: the API server refuses that.
  }
  return { restored, asked: withOnly(pod, anew) };
}

function runsVariant(image: string | undefined, variant: unknown): boolean {
  return typeof variant === "string" && image?.endsWith(`@${variant}`) === true;
}

function sameRepository(image: string, asked: string): boolean {
  const [one, other] = [image, asked].map(readReference);
  return one !== undefined && other !== undefined && repositoryName(one) === repositoryName(other);
}

/** The Pod without the images at other places; the places of those that stay are the same. */
function withOnly(pod: Pod, pointers: ReadonlySet<string>): Pod {
  const places = new Map(imagePlaces(pod).map((place) => [place.pointer, place]));
  const keeps = (pointer: string): boolean => pointers.has(pointer) || !places.has(pointer);
  const containers = (kind: Exclude<ImagePlace["kind"], "volumes">): { [key: string]: readonly Container[] } => {
    const list = pod.spec[kind];
    if (list === undefined) return {};
    return {
      [kind]: list.map((container, index) => {
        const { image, ...rest } = container;
        return keeps(`/spec/${kind}/${index}/image`) ? container : rest;
      }),
    };
  };
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...containers("initContainers"),
      ...containers("containers"),
      ...containers("ephemeralContainers"),
      volumes: [], // Image volumes never change once the Pod exists.
    },
  };
}
