import type { Pod } from "../api/pod.ts";
import { parseSelection, selectionAnnotation } from "../rewriting/annotation.ts";
import { noteName } from "../rewriting/patch.ts";
import type { Reselection } from "./reselect.ts";

/**
 * How long a Pod that was written for one node is not written for another, in milliseconds. The binding that wrote it
 * is over within milliseconds: either it went through, or the Pod waits for the scheduler's next try, a second later
 * (kube-scheduler, podInitialBackoffSeconds).
 */
export const heldMs = 2_000;

/** The annotation tells whole seconds, and the clocks of two replicas are not the same. */
const tolerance = 1_000;

/**
 * Whether another binding, to another node, may be on its way between its write and its end. Two schedulers do that to
 * a Pod: an old leader whose last binding is under way while the new one binds anew, or two by the same name. Whoever
 * writes second changes the build under the feet of the first, whose binding then goes through. So the second waits:
 * once the Pod is bound, its own binding fails anyway. What the annotation says may be forged, and costs its Pod this
 * wait.
 */
export function isHeld(pod: Pod, node: string, reselections: readonly Reselection[], now: Date): boolean {
  const notes = parseSelection(pod.metadata.annotations?.[selectionAnnotation]);
  return reselections.some(({ place, write }) => {
    const note = write === undefined || write.image === place.image ? undefined : notes.get(noteName(place));
    if (note === undefined || typeof note["node"] !== "string" || note["node"] === node) return false;
    const age = now.getTime() - Date.parse(String(note["at"]));
    return age > -tolerance && age < heldMs + tolerance;
  });
}
