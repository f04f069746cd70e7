import { expect, test } from "vitest";
import type { SelectionNote } from "./note.ts";
import { parseSelection } from "./read.ts";
import { formatSelection } from "./write.ts";

const digest = `sha256:${"a".repeat(64)}`;
const note: SelectionNote = {
  asked: "qnib/bench",
  index: digest,
  variant: digest,
  requires: "cpu:broadwell",
  machineType: "type1",
  at: "2026-11-23T12:00:00Z",
  code: "selected",
  reason: "cpu:broadwell is the closest of 2 that fit",
  key: "0123456789abcdef",
  mac: "m".repeat(22),
};

test("is JSON that reads back, in lines that kubectl describe shows whole", () => {
  const text = formatSelection(
    new Map([
      ["bench", note],
      ['a "name"', { ...note, reason: "{" }],
    ]),
  );
  expect(JSON.parse(text)).toEqual({ bench: note, 'a "name"': { ...note, reason: "{" } });
  expect(parseSelection(text).get("bench")).toEqual(note);
  expect(text.split("\n").slice(0, 4)).toEqual([
    '{"bench":{"asked":"qnib/bench","code":"selected","reason":"cpu:broadwell is the closest of 2 that fit","requires":"cpu:broadwell",',
    ` "machineType":"type1","at":"2026-11-23T12:00:00Z","variant":"${digest}",`,
    ` "index":"${digest}","key":"0123456789abcdef","mac":"${note.mac}"},`,
    ' "a \\"name\\"":{"asked":"qnib/bench","code":"selected","reason":"{","requires":"cpu:broadwell","machineType":"type1",',
  ]);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(140);
});

test("no note is JSON too", () => {
  expect(JSON.parse(formatSelection(new Map()))).toEqual({});
});

test.each([
  [1, 4_096],
  [8, 4_096],
  [11, 4_096],
  [20, 32_768],
  [60, 32_768],
  [1_000, 32_768],
])("%d containers: fewer than %d bytes, and it says when some are missing", (count, bytes) => {
  const notes = new Map(
    Array.from({ length: count }, (_, index) => [`container-${index}`, { ...note, reason: "ü".repeat(200) }]),
  );
  const text = formatSelection(notes);
  expect(Buffer.byteLength(text)).toBeLessThan(bytes);
  // Without these a build could neither be proven nor replaced.
  const { reason: _, requires: __, machineType: ___, ...needed } = note;
  for (const read of parseSelection(text).values()) expect(read).toMatchObject(needed);
  const read = Object.keys(JSON.parse(text));
  expect(read.filter((name) => name.startsWith("container-")).length + Number(JSON.parse(text)["…"] ?? 0)).toBe(count);
});

test("a member that says nothing is not written, and reads back as nothing", () => {
  const bare = { asked: "qnib/bench", code: "selected", reason: "", at: "" };
  const text = formatSelection(new Map([["bench", bare]]));
  expect(text).toBe('{"bench":{"asked":"qnib/bench","code":"selected"}}');
  expect(parseSelection(text).get("bench")).toEqual(bare);
});
