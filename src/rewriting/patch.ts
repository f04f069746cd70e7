import { escapePathComponent, type Operation } from "fast-json-patch";
import { selectionAnnotation } from "../api/pod-keys.ts";
import type { DecisionCode, ImageDecision } from "./decision.ts";
import { isBuildOf, noteName, noteTime, type SelectionNote, type SelectionNotes, typesOf } from "./notes/note.ts";
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
  "unproven",
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
 * Applying it to its own result changes nothing, because a rewritten image is no index any more. `before` are the notes
 * on images which no decision is about: on updates the old object's.
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

function patchNotes({ pod, notes: present }: ReviewedPod, notes: SelectionNotes): Operation[] {
  if (sameNotes(notes, present)) return [];
  const { annotations } = pod.metadata;
  if (notes.size === 0) return [{ op: "remove", path: selectionPath }];
  const text = formatSelection(notes);
  if (text === annotations?.[selectionAnnotation]) return [];
  if (annotations !== undefined) return [{ op: "add", path: selectionPath, value: text }];
  return [{ op: "add", path: "/metadata/annotations", value: { [selectionAnnotation]: text } }];
}

/** The notes that are to be there on each image of the Pod, once the decisions are carried out. */
function notesAfter(
  { places }: ReviewedPod,
  decisions: readonly PodDecision[],
  earlier: SelectionNotes,
  now: Date,
): SelectionNotes {
  const decided = new Map(decisions.map((decision) => [decision.place.pointer, decision]));
  const notes = new Map<string, SelectionNote>();
  for (const place of places) {
    const name = noteName(place);
    const decision = decided.get(place.pointer);
    const known = earlier.get(name);
    if (decision !== undefined && told.has(decision.code)) {
      const note = noteOf(decision, now);
      notes.set(name, known !== undefined && sameNote(known, note) ? { ...note, at: known.at } : note);
    } else if (known !== undefined && stillTrue(known, decision?.image ?? place.image, decision === undefined)) {
      // The webhook was called again for the same request (reinvocation), the Pod was copied, or another image changed.
      notes.set(name, known);
    }
  }
  return notes;
}

function stillTrue(note: SelectionNote, image: string, untouched: boolean): boolean {
  return note.variant === undefined ? untouched && note.asked === image : isBuildOf(note, image);
}

function sameNotes(notes: SelectionNotes, present: SelectionNotes): boolean {
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
    code,
    reason,
    ...(requires === undefined ? {} : { requires }),
    ...typesOf(machineTypes),
    at: noteTime(now),
    ...(variant === undefined ? {} : { variant }),
    ...(index === undefined ? {} : { index }),
  };
}

function sameNote(before: SelectionNote, note: SelectionNote): boolean {
  // A copy of a Pod that was bound still names that node.
  return (["asked", "variant", "node", "code"] as const).every((member) => before[member] === note[member]);
}
