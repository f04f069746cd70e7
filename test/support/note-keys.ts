import { selectionAnnotation } from "../../src/api/pod-keys.ts";
import { readOptions } from "../../src/api/pod-options.ts";
import type { SigningKeys } from "../../src/keys/signing-keys.ts";
import { parseSigningKeys } from "../../src/keys/signing-keys.ts";
import type { ImagePlace } from "../../src/rewriting/images.ts";
import type { SelectionNote } from "../../src/rewriting/notes/note.ts";
import { signNote } from "../../src/rewriting/notes/proof.ts";

/** The keys that tests sign with: the operator of a test's cluster reads them from a file. */
export const testNoteKeys: SigningKeys = parseSigningKeys(`2020-01-01T00:00:00Z ${"T".repeat(42)}E\n`);

export interface Signing {
  /** Default: `default`. */
  readonly namespace?: string;
  /** The Pod's own wishes. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly kind?: ImagePlace["kind"];
  readonly keys?: SigningKeys;
}

/** A Pod's annotations with these notes on its images, by name (`volume/NAME`), as MetaHub would sign them. */
export function signedNotes(
  notes: Readonly<Record<string, object>>,
  { namespace = "default", annotations = {}, kind = "containers", keys = testNoteKeys }: Signing = {},
): Readonly<Record<string, string>> {
  const proof = { keys, namespace, copied: true };
  const owner = { options: readOptions({ annotations }), proof };
  const signed = Object.entries(notes).map(([name, given]) => {
    const note: SelectionNote = { asked: "", code: "selected", reason: "", at: "2026-11-23T12:00:00Z", ...given };
    const volume = name.startsWith("volume/") ? name.slice("volume/".length) : undefined;
    const place = volume === undefined ? { kind, name } : { kind: "volumes" as const, name: volume };
    return [name, signNote(note, place, owner)] as const;
  });
  return { ...annotations, [selectionAnnotation]: JSON.stringify(Object.fromEntries(signed)) };
}
