import type { Container, Pod } from "../../api/pod.ts";
import type { Snapshot } from "../../inventory/snapshot.ts";
import { type ImageNote, selectionNotes } from "./selection-notes.ts";

type Nodes = Snapshot["nodes"];

/** An image of a bound Pod that nobody chose for the Pod's node. */
export interface BoundVerdict {
  /** It runs what its owner wrote, or what was chosen for a node with other hardware. */
  readonly outcome: "as-written" | "for-another-node";
  readonly container: string;
  readonly image: string;
  /** Where it runs. */
  readonly node: string;
  /** The node that its build was chosen for. */
  readonly chosenFor?: string;
}

/** Whether the webhook has anything to do with the Pod. */
export function isMeant({ metadata: { labels } }: Pod): boolean {
  return labels?.["metahub.dev/rewrite"] !== "disabled";
}

/** Whether a choice was left to the Pod's binding and is still to be made. Names of image volumes are no containers'. */
export function isLeftOpen(pod: Pod): boolean {
  if (isFinal(pod)) return false;
  const notes = selectionNotes(pod);
  return notes.size > 0 && containersOf(pod).some(({ name }) => notes.get(name)?.open === true);
}

/** What the webhook should have decided at the binding of this Pod and did not. Nothing of a Pod without a node. */
export function judgeBound(pod: Pod, nodes: Nodes): readonly BoundVerdict[] {
  const node = pod.spec.nodeName;
  if (node === undefined || node === "" || !isMeant(pod)) return [];
  const notes = selectionNotes(pod);
  return containersOf(pod).flatMap(({ name: container, image = "" }): readonly BoundVerdict[] => {
    const note = notes.get(container);
    if (note === undefined) return [];
    if (isUndecided(note, pod, node, nodes)) return [{ outcome: "as-written", container, image, node }];
    const { variant, node: chosenFor } = note;
    if (variant === undefined || chosenFor === undefined || !image.endsWith(`@${variant}`)) return [];
    // The build that all its nodes have in common is chosen for each of them.
    if (strategyOf(pod) === "common" || !differ(chosenFor, node, nodes)) return [];
    return [{ outcome: "for-another-node", container, image, node, chosenFor }];
  });
}

/** Nobody decided on the image for this node, and it has no build. */
function isUndecided(note: ImageNote, pod: Pod, node: string, nodes: Nodes): boolean {
  if (note.open) return !isFinal(pod);
  // Left as it was for the node of a binding that failed.
  return note.variant === undefined && note.node !== undefined && differ(note.node, node, nodes);
}

/** A node that is not known may be anything. */
function differ(one: string, other: string, nodes: Nodes): boolean {
  const profile = nodes.get(one)?.profile.id;
  return one !== other && (profile === undefined || profile !== nodes.get(other)?.profile.id);
}

/** What admission left is left for good. */
function isFinal(pod: Pod): boolean {
  return strategyOf(pod) === "admission";
}

function strategyOf({ metadata: { annotations } }: Pod): string | undefined {
  return annotations?.["metahub.dev/strategy"];
}

function containersOf({ spec: { initContainers = [], containers = [] } }: Pod): readonly Container[] {
  return [...initContainers, ...containers];
}
