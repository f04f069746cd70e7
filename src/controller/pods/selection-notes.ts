import type { Pod } from "../../api/pod.ts";
import { isOpen, parseSelection, selectionAnnotation } from "../../rewriting/annotation.ts";

/** RFC 1123, as every node's name is. What else stands there would only end up in somebody's terminal. */
const nodeName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** What the annotation says of one image, as far as the controller reads it: a hint that anybody may have written. */
export interface ImageNote {
  /** Digest of the build that was chosen. */
  readonly variant?: string;
  /** The node that it was decided for. */
  readonly node?: string;
  /** Nothing was chosen yet, and nothing was decided for any node. */
  readonly open: boolean;
}

/** By the names of containers. Empty where the annotation is none of ours. */
export function selectionNotes({ metadata: { annotations } }: Pod): ReadonlyMap<string, ImageNote> {
  const notes = parseSelection(annotations?.[selectionAnnotation]);
  return new Map([...notes].map(([name, note]) => [name, imageNote(note)]));
}

/** Whether the annotation says that an image of the Pod was decided on for one node, at its binding. */
export function chosenForNode(pod: Pod): boolean {
  // Most Pods have no annotation, or none that names a node: no need to read those.
  if (pod.metadata.annotations?.[selectionAnnotation]?.includes('"node":') !== true) return false;
  return [...selectionNotes(pod).values()].some(({ node }) => node !== undefined);
}

function imageNote(note: Readonly<Record<string, unknown>>): ImageNote {
  const { variant, node } = note;
  return {
    ...(typeof variant === "string" && variant !== "" ? { variant } : {}),
    ...(typeof node === "string" && nodeName.test(node) ? { node } : {}),
    open: isOpen(note),
  };
}
