import type { Pod } from "../api/pod.ts";
import { type PodOptions, readOptions } from "../api/pod-options.ts";
import { type ImagePlace, imagePlaces } from "./images.ts";
import type { SelectionNotes } from "./notes/note.ts";
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

/** A Pod in one state, with all that is read of it, once: its owner's wishes, every image, and its notes. */
export interface ReviewedPod extends AskedImages {
  readonly notes: SelectionNotes;
}

export interface PodReading {
  /** Extended resources that a DeviceClass serves; none where nobody asks which devices are allocated. */
  readonly served?: ReadonlySet<string> | undefined;
  /** The Pod's, where they are read already. */
  readonly options?: PodOptions;
}

export function reviewPod(pod: Pod, { served, options = readOptions(pod.metadata) }: PodReading = {}): ReviewedPod {
  return { pod, options, places: imagePlaces(pod, options, served), notes: notesOf(pod) };
}
