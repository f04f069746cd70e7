import type { Container, Pod } from "../../api/pod.ts";
import { isMeant, type PodOptions, readOptions } from "../../api/pod-options.ts";
import type { Snapshot } from "../../inventory/snapshot.ts";
import { isBuildOf, isOpen, type SelectionNote } from "../../rewriting/notes/note.ts";
import { notesOf } from "../../rewriting/notes/read.ts";

type Nodes = Snapshot["nodes"];

/** An image of a bound Pod that nobody chose for the Pod's node. */
export interface BoundVerdict {
  /** It runs its owner's reference as written, or a build that was chosen for a node with other hardware. */
  readonly outcome: "as-written" | "for-another-node";
  readonly container: string;
  readonly image: string;
  /** Where it runs. */
  readonly node: string;
  /** The node that its build was chosen for. */
  readonly chosenFor?: string;
}

/** Whether a choice was left to the Pod's binding and is still to be made. Names of image volumes are no containers'. */
export function isLeftOpen(pod: Pod): boolean {
  const notes = notesOf(pod);
  if (notes.size === 0 || isFinal(readOptions(pod.metadata))) return false;
  return containersOf(pod).some(({ name }) => {
    const note = notes.get(name);
    return note !== undefined && isOpen(note);
  });
}

/**
 * The choices that the webhook should have made at the binding of this Pod and did not. None without a node. Goes by notes
 * that nobody proved: a forged one brings its own Pod an Event that is not true, and nothing else.
 */
export function judgeBound(pod: Pod, nodes: Nodes): readonly BoundVerdict[] {
  const node = pod.spec.nodeName;
  const options = readOptions(pod.metadata);
  if (node === undefined || node === "" || !isMeant(options)) return [];
  const notes = notesOf(pod);
  return containersOf(pod).flatMap(({ name: container, image = "" }): readonly BoundVerdict[] => {
    const note = notes.get(container);
    if (note === undefined) return [];
    if (isUndecided(note, options, node, nodes)) return [{ outcome: "as-written", container, image, node }];
    const { node: chosenFor } = note;
    if (chosenFor === undefined || !isBuildOf(note, image)) return [];
    // The build that all its nodes have in common is chosen for each of them.
    if (options.strategy === "common" || !differ(chosenFor, node, nodes)) return [];
    return [{ outcome: "for-another-node", container, image, node, chosenFor }];
  });
}

/** Nobody decided on the image for this node, and it has no build. */
function isUndecided(note: SelectionNote, options: PodOptions, node: string, nodes: Nodes): boolean {
  if (isOpen(note)) return !isFinal(options);
  // Left as it was for the node of a binding that failed.
  return note.variant === undefined && note.node !== undefined && differ(note.node, node, nodes);
}

/** A node that is not known may be anything. */
function differ(one: string, other: string, nodes: Nodes): boolean {
  const profile = nodes.get(one)?.profile.id;
  return one !== other && (profile === undefined || profile !== nodes.get(other)?.profile.id);
}

/** An image that admission left is left for good. */
function isFinal({ strategy }: PodOptions): boolean {
  return strategy === "admission";
}

function containersOf({ spec: { initContainers = [], containers = [] } }: Pod): readonly Container[] {
  return [...initContainers, ...containers];
}
