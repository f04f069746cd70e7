import { expect, test } from "vitest";
import { feed, fuzzing } from "../../../test/support/fuzz/runs.ts";
import { spoiledTexts } from "../../../test/support/fuzz/spoil.ts";
import { maxSelection, type SelectionNote } from "./note.ts";
import { parseSelection } from "./read.ts";
import { formatSelection } from "./write.ts";

const digest = `sha256:${"1".repeat(64)}`;
const full: SelectionNote = {
  asked: "qnib/bench:latest",
  code: "selected",
  reason: "cpu:skylake comes first of the 4 that fit",
  requires: "cpu:skylake, nvcap:7.0|nvcap:8.0",
  machineType: "type1,type2",
  node: "node-1.example",
  at: "2026-11-23T12:00:00Z",
  variant: digest,
  index: digest,
};
const open: SelectionNote = { asked: "qnib/bench", code: "at-binding", reason: "r", at: "" };
const many = Object.fromEntries(
  Array.from({ length: 40 }, (_, row) => [`c${row}`, { ...full, asked: `qnib/c${row}` }]),
);
const texts = [{ main: full }, { main: full, "volume/data": open }, many];

/** Characters of a member, as it is read. */
const longest = 1_024;

test(
  "whatever an annotation says, it is read into notes of bounded size, and written within its bound",
  fuzzing,
  async () => {
    let read = 0;
    await feed(spoiledTexts(...texts), (text) => {
      const notes = parseSelection(text);
      read += notes.size;
      for (const note of notes.values()) {
        expect(Object.getPrototypeOf(note)).toBe(Object.prototype);
        for (const said of Object.values(note)) {
          expect(typeof said).toBe("string");
          expect(said.length).toBeLessThanOrEqual(longest);
        }
        expect(note.node ?? "n").toMatch(/^[a-z0-9][a-z0-9.-]{0,252}$/);
        expect(note.index ?? digest).toMatch(/^sha(256|512):[0-9a-f]+$/);
      }
      const written = formatSelection(notes);
      expect(Buffer.byteLength(written)).toBeLessThanOrEqual(maxSelection);
      // As whoever reads it next sees it: what tells one build from another is as it was.
      for (const [name, note] of parseSelection(written)) {
        const { asked, variant, index } = notes.get(name) ?? {};
        expect([note.asked, note.variant, note.index]).toEqual([asked, variant, index]);
      }
    });
    expect(read).toBeGreaterThan(1_000);
  },
);
