import { escapePathComponent, type Operation } from "fast-json-patch";
import { selectionAnnotation } from "../api/pod-keys.ts";
import type { DecisionCode, ImageDecision } from "./decision.ts";
import type { ImagePlace } from "./images.ts";
import { isBuildOf, noteName, noteTime, type SelectionNote, type SelectionNotes, typesOf } from "./notes/note.ts";
import { isRecent, signNote } from "./notes/proof.ts";
import { formatSelection } from "./notes/write.ts";
import type { ReviewedPod } from "./reviewed-pod.ts";

/** Decisions that the annotation tells of: where there was a choice. Everything else would only mark every Pod. */
const told: ReadonlySet<DecisionCode> = new Set<DecisionCode>([
  "selected",
  "only-candidate",
  "generic",
  "nodes-differ",
  "nothing-fits",
  "no-nodes",
  "at-binding",
]);

/** A decision on an image that may be a build of what was asked for already. */
export interface PodDecision extends ImageDecision {
  /** The reference that the note is to name as asked for, where that is not the one that the Pod has. */
  readonly asked?: string;
}

/** The annotation as a JSON Pointer (RFC 6901). */
export const selectionPath = `/metadata/annotations/${escapePathComponent(selectionAnnotation)}`;

/**
 * The JSON Patch that carries decisions out: images and the annotation, nothing else. Empty where nothing changes.
 * Applying it to its own result changes nothing, because a rewritten image is no index any more, and its note proves
 * itself. `before` are the notes that may stay on images which no decision is about: on updates the old object's.
 */
export function patchPod(
  reviewed: ReviewedPod,
  decisions: readonly PodDecision[],
  now: Date,
  before: SelectionNotes = reviewed.notes,
): Operation[] {
  return [...patchImages(decisions), ...patchNotes(reviewed, notesAfter(reviewed, decisions, before, now))];
}

/** The part of it that is about images. */
export function patchImages(decisions: readonly PodDecision[]): Operation[] {
  const operations: Operation[] = [];
  for (const { place, image } of decisions) {
    if (image !== undefined && image !== place.image)
      operations.push({ op: "replace", path: place.pointer, value: image });
  }
  return operations;
}

function patchNotes({ pod }: ReviewedPod, notes: SelectionNotes): Operation[] {
  const { annotations } = pod.metadata;
  const present = annotations?.[selectionAnnotation];
  if (notes.size === 0) return present === undefined ? [] : [{ op: "remove", path: selectionPath }];
  const text = formatSelection(notes);
  if (text === present) return [];
  if (annotations !== undefined) return [{ op: "add", path: selectionPath, value: text }];
  return [{ op: "add", path: "/metadata/annotations", value: { [selectionAnnotation]: text } }];
}

/** The notes that are to be there on each image of the Pod, once the decisions are carried out. */
function notesAfter(
  reviewed: ReviewedPod,
  decisions: readonly PodDecision[],
  earlier: SelectionNotes,
  now: Date,
): SelectionNotes {
  const decided = new Map(decisions.map((decision) => [decision.place.pointer, decision]));
  const notes = new Map<string, SelectionNote>();
  for (const place of reviewed.places) {
    const name = noteName(place);
    const note = noteAfter(reviewed, place, decided.get(place.pointer), earlier.get(name), now);
    if (note !== undefined) notes.set(name, note);
  }
  return notes;
}

function noteAfter(
  reviewed: ReviewedPod,
  place: ImagePlace,
  decision: PodDecision | undefined,
  known: SelectionNote | undefined,
  now: Date,
): SelectionNote | undefined {
  if (decision !== undefined && told.has(decision.code)) {
    const note = noteOf(decision, now);
    // The webhook is called again for the same request (reinvocation).
    const again = known !== undefined && isRecent(known, now) && sameNote(known, note);
    return signNote(again ? { ...note, at: known.at } : note, place, reviewed);
  }
  const image = decision?.image ?? place.image;
  if (known === undefined || decision?.code === "unproven" || !stillTrue(known, image, decision === undefined)) {
    return undefined;
  }
  if (reviewed.proof?.copied !== true || isRecent(known, now)) return known;
  // A copy of which no registry tells anything now: it is decided on when it is bound, if its note is the new Pod's.
  const { node: _, ...copied } = known;
  return signNote({ ...copied, at: noteTime(now) }, place, reviewed);
}

function stillTrue(note: SelectionNote, image: string, untouched: boolean): boolean {
  return note.variant === undefined ? untouched && note.asked === image : isBuildOf(note, image);
}

function noteOf(decision: PodDecision, now: Date): SelectionNote {
  const { place, index, list, variant, requires, machineTypes, code, reason } = decision;
  return {
    asked: decision.asked ?? place.image,
    code,
    reason,
    ...(requires === undefined ? {} : { requires }),
    ...typesOf(machineTypes),
    at: noteTime(now),
    ...(variant === undefined ? {} : { variant }),
    ...(index === undefined ? {} : { index }),
    ...(list === undefined ? {} : { list }),
  };
}

function sameNote(before: SelectionNote, note: SelectionNote): boolean {
  // A copy of a Pod that was bound still names that node.
  return (["asked", "variant", "index", "list", "node", "code"] as const).every(
    (member) => before[member] === note[member],
  );
}
