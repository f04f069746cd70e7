import type { SelectionNotes } from "../rewriting/notes/note.ts";
import { precedesKeys } from "../rewriting/notes/proof.ts";
import type { ReviewedPod } from "../rewriting/reviewed-pod.ts";

/**
 * The weight of notes that do not prove themselves, on Pods that were there before the keys: those that were written
 * without a MAC, or with keys that are lost. `restore`: they tell which build a container keeps that asks again for what
 * it asked for, so that no container restarts for the want of a proof. `ignore`: none.
 */
export type UnprovenNotes = "restore" | "ignore";

/** The notes of a Pod that is being changed. Those that prove themselves are `old.notes`; these may only put back. */
export function notesToPutBack(old: ReviewedPod, unproven: UnprovenNotes): SelectionNotes {
  const { pod, notes, claims, proof } = old;
  if (unproven === "ignore" || notes.size === claims.size || !precedesKeys(pod, proof?.keys ?? [])) return notes;
  return new Map([...claims, ...notes]);
}
