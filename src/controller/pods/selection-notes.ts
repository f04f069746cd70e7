import type { Pod } from "../../api/pod.ts";
import { selectionAnnotation } from "../../api/pod-keys.ts";
import { notesOf } from "../../rewriting/notes/read.ts";

/**
 * Whether the annotation says that an image of the Pod was decided on for one node, at its binding. No proof is asked for:
 * nothing but what was seen in the Pod is put back by it, and what is told is told to the Pod's owner.
 */
export function chosenForNode(pod: Pod): boolean {
  // Most Pods have no annotation, or none that names a node: no need to read those.
  if (pod.metadata.annotations?.[selectionAnnotation]?.includes('"node":') !== true) return false;
  return [...notesOf(pod).values()].some(({ node }) => node !== undefined);
}
