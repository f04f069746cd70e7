import type { Pod } from "../api/pod.ts";
import { type PodOptions, readOptions } from "../api/pod-options.ts";
import { type ImagePlace, imagePlaces } from "./images.ts";
import type { SelectionNotes } from "./notes/note.ts";
import { type NoteProof, provenNotes } from "./notes/proof.ts";
import { notesOf } from "./notes/read.ts";

/** A Pod, and its own wishes. */
export interface AskedPod {
  readonly pod: Pod;
  readonly options: PodOptions;
}

/** Images that are to be decided on, and the Pod that they are in. */
export interface AskedImages extends AskedPod {
  /** Some or all of the Pod's; their images may be others than the Pod's own. */
  readonly places: readonly ImagePlace[];
}

/** Images, with what was noted on them. */
export interface NotedImages extends AskedImages {
  /** Those that prove themselves: a choice follows from no other. */
  readonly notes: SelectionNotes;
  /** All that the annotation says, which anybody may have written. */
  readonly claims: SelectionNotes;
}

/** A Pod in one state, with all that is read of it, once: its owner's wishes, every image, and its notes. */
export interface ReviewedPod extends NotedImages {
  readonly proof: NoteProof | undefined;
}

export interface PodReading {
  /** Extended resources that a DeviceClass serves; none where nobody asks which devices are allocated. */
  readonly served?: ReadonlySet<string> | undefined;
  /** The Pod's, where they are read already. */
  readonly options?: PodOptions;
  /** Absent: no note proves itself, and none is signed. */
  readonly proof?: NoteProof;
}

export function reviewPod(
  pod: Pod,
  { served, options = readOptions(pod.metadata), proof }: PodReading = {},
): ReviewedPod {
  const places = imagePlaces(pod, options, served);
  const claims = notesOf(pod);
  const notes = claims.size === 0 ? claims : provenNotes(claims, pod, places, { options, proof });
  return { pod, options, places, notes, claims, proof };
}
