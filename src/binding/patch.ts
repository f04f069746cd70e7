import type { Pod } from "../api/pod.ts";
import { selectionAnnotation } from "../api/pod-keys.ts";
import type { JsonPatchOperation } from "../kubernetes/client/requests.ts";
import type { ImagePlace } from "../rewriting/images.ts";
import { isVolume, noteName, type SelectionNote, type SelectionNotes } from "../rewriting/notes/note.ts";
import { signNote } from "../rewriting/notes/proof.ts";
import { formatSelection } from "../rewriting/notes/write.ts";
import { selectionPath } from "../rewriting/patch.ts";
import type { ReviewedPod } from "../rewriting/reviewed-pod.ts";
import type { Reselection } from "./reselection.ts";

/**
 * The one write at binding: a JSON Patch whose `test` operations make it impossible that it arrives at another Pod of
 * the same name, after the Pod was bound (a changed image would restart the running container), or over what somebody
 * else wrote meanwhile. No resourceVersion: other writers of the Pod, such as the scheduler's own conditions, do not
 * matter. JSON Patch cannot test for absence; a `test` for null passes where there is nothing, and only there
 * (github.com/evanphx/json-patch, patch.go: test; the library of the API server). Empty where nothing is written.
 */
export function bindingPatch(
  reviewed: ReviewedPod,
  reselections: readonly Reselection[],
): readonly JsonPatchOperation[] {
  const { pod } = reviewed;
  const written = reselections.filter(({ write }) => write !== undefined);
  if (written.length === 0 || pod.metadata.uid === undefined) return [];
  const tests: JsonPatchOperation[] = [
    { op: "test", path: "/metadata/uid", value: pod.metadata.uid },
    { op: "test", path: "/spec/nodeName", value: null },
  ];
  const changes: JsonPatchOperation[] = [];
  for (const { place, write } of written) {
    tests.push({ op: "test", path: place.pointer, value: place.image });
    // Where only the note is written, the test of the image still makes sure that the note is about it.
    if (write === undefined || write.image === place.image) continue;
    changes.push({ op: "replace", path: place.pointer, value: write.image });
  }
  const { annotations } = pod.metadata;
  const text = formatSelection(notesAfter(reviewed, written));
  if (annotations === undefined) {
    tests.push({ op: "test", path: "/metadata/annotations", value: null });
    changes.push({ op: "add", path: "/metadata/annotations", value: { [selectionAnnotation]: text } });
  } else {
    tests.push({ op: "test", path: selectionPath, value: annotations[selectionAnnotation] ?? null });
    changes.push({ op: "add", path: selectionPath, value: text });
  }
  return [...tests, ...changes];
}

/** Whether any image is to become another; a note alone may be written too. */
export function changesImages(reselections: readonly Reselection[]): boolean {
  return reselections.some(({ place, write }) => write !== undefined && write.image !== place.image);
}

/** Whether a patch made for one state of the Pod could have failed its tests on the other. */
export function testsDiffer(made: Pod, found: Pod, reselections: readonly Reselection[]): boolean {
  if (made.metadata.uid !== found.metadata.uid || (found.spec.nodeName ?? "") !== "") return true;
  const [before, after] = [made, found].map(({ metadata }) => metadata.annotations);
  if ((before === undefined) !== (after === undefined)) return true;
  if (before?.[selectionAnnotation] !== after?.[selectionAnnotation]) return true;
  return reselections.some(({ place, write }) => write !== undefined && imageAt(found, place) !== place.image);
}

/** The image that a Pod has at a container's place. */
export function imageAt(pod: Pod | undefined, { kind, pointer }: ImagePlace): string | undefined {
  if (kind === "volumes") return undefined;
  const index = Number(pointer.split("/")[3]);
  return pod?.spec[kind]?.[index]?.image;
}

/** Notes of images that stay as they are stay too, as they are: what does not prove itself is not signed. */
function notesAfter(reviewed: ReviewedPod, written: readonly Reselection[]): SelectionNotes {
  const writes = new Map(written.map(({ place, write }) => [place.pointer, write?.note]));
  const notes = new Map<string, SelectionNote>();
  for (const place of reviewed.places) {
    const name = noteName(place);
    const made = writes.get(place.pointer);
    const note = made === undefined ? reviewed.claims.get(name) : signNote(made, place, reviewed);
    if (note !== undefined) notes.set(name, note);
  }
  // Volumes are not kept of a Pod that waits, and never change.
  for (const [name, note] of reviewed.claims) if (isVolume(name)) notes.set(name, note);
  return notes;
}
