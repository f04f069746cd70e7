import { beyondBound, boundLookups, boundPlaces } from "../rewriting/image-bounds.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { noteName } from "../rewriting/notes/note.ts";
import type { Asking } from "../rewriting/origin.ts";
import type { ReviewedPod } from "../rewriting/reviewed-pod.ts";
import { type Judged, type Judgement, judgeImage } from "./judgement.ts";
import { writeOf } from "./notes.ts";
import type { BoundNode, ReselectContext, Reselection } from "./reselection.ts";

/**
 * Decides on every image of a Pod that may still change, within the bounds that its admission has: what was created
 * while nobody reviewed it may have any number of them. Never throws for what a registry or the Pod's owner did.
 */
export async function reselect(
  { pod, options, places, notes, claims }: ReviewedPod,
  node: BoundNode,
  context: ReselectContext,
  { now, ...asking }: Omit<Asking, "pod"> & { readonly now: Date },
): Promise<readonly Reselection[]> {
  const common = options.strategy === "common";
  // Ephemeral containers and image volumes never change once they are there.
  const changeable = places.filter(({ kind }) => kind === "containers" || kind === "initContainers");
  const { kept, left } = boundPlaces(changeable);
  const bounded = boundLookups(context);
  const judgedOf = (place: ImagePlace): Judged => {
    const name = noteName(place);
    return { place, note: notes.get(name), claim: claims.get(name), common, node };
  };
  const decided = await Promise.all(
    kept.map(async (place) => {
      const devices = node.containers?.get(place.name);
      const own = devices === undefined ? node : { ...node, ...devices };
      const judged = { ...judgedOf(place), node: own };
      const judgement = await judgeImage(judged, bounded, { pod, ...asking });
      const made = reselectionOf(judged, judgement, now);
      return devices === undefined ? made : onDevices(made, own.doubt);
    }),
  );
  return [...decided, ...left.map((place) => reselectionOf(judgedOf(place), beyond, now))];
}

/** The owner hears of all of these at once. */
const beyond: Judgement = { kind: "keep", code: "too-many-images", reason: beyondBound, surprising: true };

function reselectionOf(judged: Judged, judgement: Judgement, now: Date): Reselection {
  const { code, reason, surprising } = judgement;
  const kind = judgement.kind === "right" ? "keep" : judgement.kind;
  const write = writeOf(judged, judgement, now);
  const chosen = judgement.kind === "right" && judgement.choice;
  return {
    place: judged.place,
    kind,
    code,
    reason,
    surprising,
    ...(chosen ? { chosen } : {}),
    ...(write === undefined ? {} : { write }),
  };
}

/** For a container with devices. Which it gets nobody could know at admission, so a correction is no surprise. */
function onDevices(made: Reselection, doubt: string | undefined): Reselection {
  const surprising = made.surprising && made.kind !== "correct";
  const chosen = made.kind !== "keep" || made.code === "selected" || made.code === "nothing-fits";
  return { ...made, surprising, ...(chosen && doubt !== undefined ? { doubt } : {}) };
}
