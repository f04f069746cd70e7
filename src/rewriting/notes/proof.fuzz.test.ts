import { expect, test } from "vitest";
import { feed, fuzzing } from "../../../test/support/fuzz/runs.ts";
import { spoiledTexts } from "../../../test/support/fuzz/spoil.ts";
import { testNoteKeys } from "../../../test/support/note-keys.ts";
import { digestOf } from "../../../test/support/oci/indexes.ts";
import type { Pod } from "../../api/pod.ts";
import { noteName, type SelectionNote } from "./note.ts";
import { type NoteOwner, provenNotes, signNote } from "./proof.ts";
import { parseSelection } from "./read.ts";

const created = "2026-11-23T12:00:00Z";
const owner: NoteOwner = {
  options: { strategy: "auto", accelerators: "requested" },
  proof: { keys: testNoteKeys, namespace: "default", copied: false },
};
const places = [
  { kind: "containers", name: "main" },
  { kind: "containers", name: "side" },
  { kind: "volumes", name: "main" },
] as const;
const notes = places.map((place, row): [string, SelectionNote] => [
  noteName(place),
  signNote(
    {
      asked: `qnib/bench:${row}`,
      code: "selected",
      reason: "cpu:skylake comes first of the 4 that fit",
      requires: "cpu:skylake",
      at: created,
      ...(row === 1 ? {} : { node: "node1" }),
      index: digestOf("index"),
      variant: digestOf(`build ${row}`),
    },
    place,
    owner,
  ),
]);
const signed = new Map(notes);
const pods: readonly Pod[] = [{}, { nodeName: "node1" }].map((spec) => ({
  metadata: { creationTimestamp: created },
  spec,
}));

/** The members that decisions follow from. */
function said({ asked, code, at, node, index, variant }: SelectionNote) {
  return { asked, code, at, node, index, variant };
}

test(
  "whatever becomes of notes with a MAC, what proves itself is what was signed for that image",
  fuzzing,
  async () => {
    let proven = 0;
    let dropped = 0;
    await feed(spoiledTexts(Object.fromEntries(signed)), (text) => {
      const claims = parseSelection(text);
      for (const pod of pods) {
        const holds = provenNotes(claims, pod, places, owner);
        proven += holds.size;
        dropped += claims.size - holds.size;
        for (const [name, note] of holds)
          expect(said(note)).toEqual(said(signed.get(name) ?? expect.unreachable(name)));
      }
    });
    expect(proven).toBeGreaterThan(1_000);
    expect(dropped).toBeGreaterThan(100);
  },
);
