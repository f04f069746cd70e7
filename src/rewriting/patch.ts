import { escapePathComponent, type Operation } from "fast-json-patch";
import type { Pod } from "../api/pod.ts";
import { formatSelection, parseSelection, readNote, type SelectionNote, selectionAnnotation } from "./annotation.ts";
import type { DecisionCode, ImageDecision } from "./decision.ts";
import { type ImagePlace, imagePlaces } from "./images.ts";

/** Decisions that the annotation tells of: where there was a choice. Everything else would only mark every Pod. */
const told: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "selected",
  "only-candidate",
  "generic",
  "nodes-differ",
  "nothing-fits",
  "no-nodes",
  "at-binding",
  "unproven",
]);

/** A decision on an image that may be a build of what was asked for already. */
export interface PodDecision extends ImageDecision {
  /** What the note is to say was asked for, where that is not what the Pod has. */
  readonly asked?: string;
}

/**
 * The JSON Patch that carries decisions out: images and the annotation, nothing else. Empty where nothing changes.
 * Applying it to its own result changes nothing, because a rewritten image is no index any more. `before` is the
 * annotation that speaks of images which no decision is about: on updates the old object's.
 */
export function patchPod(
  pod: Pod,
  decisions: readonly PodDecision[],
  now: Date,
  before: string | undefined = pod.metadata.annotations?.[selectionAnnotation],
): Operation[] {
  const operations: Operation[] = [];
  for (const { place, image } of decisions) {
    if (image !== undefined && image !== place.image)
      operations.push({ op: "replace", path: place.pointer, value: image });
  }
  const { annotations } = pod.metadata;
  const present = annotations?.[selectionAnnotation];
  const notes = notesAfter(pod, decisions, parseSelection(before), now);
  const after = sameNotes(notes, parseSelection(present))
    ? present
    : notes.size === 0
      ? undefined
      : formatSelection(notes);
  if (after === present) return operations;
  const path = `/metadata/annotations/${escapePathComponent(selectionAnnotation)}`;
  if (after === undefined) operations.push({ op: "remove", path });
  else if (annotations === undefined) {
    operations.push({ op: "add", path: "/metadata/annotations", value: { [selectionAnnotation]: after } });
  } else operations.push({ op: "add", path, value: after });
  return operations;
}

/** What the annotation is to say of each image of the Pod, once the decisions are carried out. */
function notesAfter(
  pod: Pod,
  decisions: readonly PodDecision[],
  earlier: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  now: Date,
): ReadonlyMap<string, SelectionNote> {
  const decided = new Map(decisions.map((decision) => [decision.place.pointer, decision]));
  const notes = new Map<string, SelectionNote>();
  for (const place of imagePlaces(pod)) {
    const name = noteName(place);
    const decision = decided.get(place.pointer);
    const known = earlier.get(name);
    if (decision !== undefined && told.has(decision.code)) {
      const note = noteOf(decision, now);
      notes.set(name, known !== undefined && sameNote(known, note) ? { ...note, at: String(known["at"]) } : note);
    } else if (known !== undefined && stillTrue(known, decision?.image ?? place.image, decision === undefined)) {
      // The webhook was called again for the same request (reinvocation), the Pod was copied, or another image changed.
      notes.set(name, readNote(known));
    }
  }
  return notes;
}

/** The annotation's name of an image: the container's, and `volume/NAME` for image volumes. */
export function noteName(place: Pick<ImagePlace, "kind" | "name">): string {
  return place.kind === "volumes" ? `volume/${place.name}` : place.name;
}

function stillTrue(note: Readonly<Record<string, unknown>>, image: string, untouched: boolean): boolean {
  if (typeof note["variant"] === "string") return image.endsWith(`@${note["variant"]}`);
  return untouched && note["asked"] === image;
}

function sameNotes(
  notes: ReadonlyMap<string, SelectionNote>,
  present: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): boolean {
  if (notes.size !== present.size) return false;
  return [...notes].every(([name, note]) => {
    const known = present.get(name);
    return known !== undefined && sameNote(known, note);
  });
}

function noteOf(decision: PodDecision, now: Date): SelectionNote {
  const { place, index, variant, requires, machineTypes, code, reason } = decision;
  return {
    asked: decision.asked ?? place.image,
    ...(index === undefined ? {} : { index }),
    ...(variant === undefined ? {} : { variant }),
    ...(requires === undefined ? {} : { requires }),
    ...(machineTypes.length === 0 ? {} : { machineType: machineTypes.slice(0, 4).join(",") }),
    at: `${now.toISOString().slice(0, 19)}Z`,
    code,
    reason,
  };
}

function sameNote(before: Readonly<Record<string, unknown>>, note: SelectionNote): boolean {
  // A copy of a Pod that was bound still names that node.
  return (["asked", "variant", "node", "code"] as const).every((member) => before[member] === note[member]);
}
