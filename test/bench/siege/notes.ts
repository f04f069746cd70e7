import { selectionAnnotation } from "../../../src/api/pod-keys.ts";

/** Notes of so many containers, `c0` and on: as many as the annotation's bound leaves room for. */
export const forgedNotes = 200;

/**
 * The annotation of somebody who has seen a note of this installation: its key is one that is known, the MAC has its form
 * and is wrong, so that it has to be computed for each.
 */
export function forgedSelection(key: string, asked: string): Readonly<Record<string, string>> {
  const note = { asked, code: "selected", at: new Date().toISOString(), key, mac: "A".repeat(22) };
  const notes = Array.from({ length: forgedNotes }, (_, row) => [`c${row}`, note]);
  return { [selectionAnnotation]: JSON.stringify(Object.fromEntries(notes)) };
}
