import { describe, expect, test } from "vitest";
import { testNoteKeys } from "../../../test/support/note-keys.ts";
import { digestOf } from "../../../test/support/oci/indexes.ts";
import type { Pod } from "../../api/pod.ts";
import { allChoiceOptions } from "../../api/pod-options.ts";
import { createSigningKey, type SigningKeys } from "../../keys/signing-keys.ts";
import type { SelectionNote } from "./note.ts";
import { isRecent, type NoteOwner, provenNotes, signNote } from "./proof.ts";
import { parseSelection } from "./read.ts";
import { formatSelection } from "./write.ts";

const created = "2026-11-23T12:00:00Z";
const pod: Pod = { metadata: { creationTimestamp: created }, spec: {} };
const place = { kind: "containers", name: "main" } as const;
const owner = { options: { strategy: "auto", accelerators: "requested" }, proof: proofOf() } as const;
const note: SelectionNote = {
  asked: "qnib/bench",
  code: "selected",
  reason: "r",
  at: created,
  node: "node1",
  index: digestOf("index"),
  variant: digestOf("build"),
};
const signed = signNote(note, place, owner);
const listed = `ManifestList/bench 0f1e2d3c-0000-4000-8000-000000000000 ${digestOf("list")}`;

function proofOf(keys: SigningKeys = testNoteKeys) {
  return { keys, namespace: "default", copied: false };
}

function proves(
  given: SelectionNote,
  by: NoteOwner = owner,
  of: Pod = pod,
  at: Partial<typeof place> | object = {},
): boolean {
  const own = { ...place, ...at };
  return provenNotes(new Map([[own.name, given]]), of, [own], by).has(own.name);
}

test("what is written proves itself when it is read", () => {
  const read = parseSelection(formatSelection(new Map([["main", signed]]))).get("main");
  expect(read).toEqual(signed);
  expect(proves(signed)).toBe(true);
  expect(proves(note)).toBe(false);
});

test("a note of a manifest list proves that list, as it was", () => {
  const { index: _, ...rest } = note;
  const of = signNote({ ...rest, list: listed }, place, owner);
  const read = parseSelection(formatSelection(new Map([["main", of]]))).get("main");
  expect([read, proves(of)]).toEqual([of, true]);
  expect(read?.list).toBe(listed);
  const others = [`Cluster${listed}`, listed.replace("0f1e", "0f1f"), listed.replace(/.$/, "x")];
  expect(others.map((other) => proves({ ...of, list: other }))).toEqual([false, false, false]);
  const { list: __, ...without } = of;
  expect(proves(without)).toBe(false);
  expect(proves({ ...of, index: digestOf("index") })).toBe(false);
});

describe("nothing that decisions follow from can be another", () => {
  test.each<[string, object]>([
    ["asked", { asked: "qnib/bench:evil" }],
    ["index", { index: digestOf("evil") }],
    ["no index", { index: undefined }],
    ["a list beside the index", { list: listed }],
    ["a list in place of the index", { index: undefined, list: listed }],
    ["build", { variant: digestOf("evil") }],
    ["no build", { variant: undefined }],
    ["node", { node: "node2" }],
    ["no node", { node: undefined }],
    ["time", { at: "2026-11-23T12:00:01Z" }],
    ["code", { code: "generic" }],
    ["key", { key: "0123456789abcdef" }],
    ["no MAC", { mac: undefined }],
    ["a shorter MAC", { mac: signed.mac?.slice(0, -2) }],
    ["another MAC", { mac: signNote({ ...note, asked: "x" }, place, owner).mac }],
  ])("%s", (_, other) => expect(proves({ ...signed, ...other })).toBe(false));

  test.each<[string, Partial<NoteOwner>]>([
    ["namespace", { proof: { ...proofOf(), namespace: "other" } }],
    ["keys", { proof: proofOf([createSigningKey(new Date(0))]) }],
    ["no keys", { proof: proofOf([]) }],
    ["nobody who could prove it", { proof: undefined }],
    ["strategy", { options: { ...owner.options, strategy: "bind" } }],
    ["accelerators", { options: { ...owner.options, accelerators: "never" } }],
  ])("%s", (_, other) => expect(proves(signed, { ...owner, ...other })).toBe(false));

  test.each([{ kind: "initContainers" }, { kind: "volumes" }, { name: "other" }])("%j", (other) =>
    expect(proves(signed, owner, pod, other)).toBe(false),
  );
});

test("texts for people are not covered: they are shortened for size", () => {
  expect(proves({ ...signed, reason: "", requires: "x", machineType: "y" })).toBe(true);
});

test.each([1, 40, 1_000])("of %d containers those count whose notes fit, and no other", (count) => {
  const places = Array.from({ length: count }, (_, index) => ({ kind: "containers", name: `c${index}` }) as const);
  const notes = new Map(places.map((one) => [one.name, signNote({ ...note, reason: "r".repeat(200) }, one, owner)]));
  const read = parseSelection(formatSelection(notes));
  expect(provenNotes(read, pod, places, owner).size).toBe(read.size);
  expect(read.size === count).toBe(count < 1_000);
});

describe("when it was written", () => {
  const at = (time: string): SelectionNote => signNote({ ...note, at: time }, place, owner);
  test.each([
    ["while the Pod was made", "2026-11-23T11:58:00Z", true],
    ["before it", "2026-11-23T11:57:59Z", false],
    ["later", "2026-12-24T00:00:00Z", true],
    ["at no time", "soon", false],
  ])("%s", (_, time, counts) => expect(proves(at(time))).toBe(counts));

  test("a Pod that says no time has no notes", () =>
    expect(proves(signed, owner, { metadata: {}, spec: {} })).toBe(false));

  test("does not matter of a copy that is being made", () => {
    const copied = { ...owner, proof: { ...proofOf(), copied: true } };
    expect(proves(at("2026-02-01T00:00:00Z"), copied, { metadata: {}, spec: {} })).toBe(true);
  });
});

test("older keys go on proving, and the newest that signs by then is what signs", () => {
  const newer = createSigningKey(new Date("2026-11-23T11:00:00Z"));
  const next = createSigningKey(new Date("2026-11-23T13:00:00Z"));
  const later = { ...owner, proof: proofOf([next, newer, ...testNoteKeys]) };
  expect([proves(signed, later), signNote(note, place, later).key]).toEqual([true, newer.id]);
  expect(signNote(signed, place, { ...owner, proof: proofOf([next]) }).key).toBe(next.id);
  expect(signNote(signed, place, { ...owner, proof: proofOf([]) })).toEqual(note);
});

test("of a Pod that runs it counts whatever the Pod wishes by now", () => {
  const running: Pod = { ...pod, spec: { nodeName: "node1" } };
  for (const options of allChoiceOptions) expect(proves(signed, { ...owner, options }, running)).toBe(true);
  expect(proves({ ...signed, asked: "evil" }, owner, running)).toBe(false);
  expect(new Set(allChoiceOptions.map((one) => JSON.stringify(one))).size).toBe(12);
});

test("of an image volume, which never changes, it counts so too; on a Pod that is being made it does not", () => {
  const volume = { kind: "volumes", name: "main" } as const;
  const held = signNote(note, volume, owner);
  const other: NoteOwner = { ...owner, options: { strategy: "bind", accelerators: "never" } };
  const names = (by: NoteOwner) => provenNotes(new Map([["volume/main", held]]), pod, [volume], by).size;
  expect([names(other), names({ ...other, proof: { ...proofOf(), copied: true } })]).toEqual([1, 0]);
});

test("recent is what the same request may have written", () => {
  const now = new Date("2026-11-23T12:02:00Z");
  expect([
    isRecent(note, now),
    isRecent(note, new Date(now.getTime() + 1)),
    isRecent({ ...note, at: "" }, now),
  ]).toEqual([true, false, false]);
});

test("notes of a running Pod under other options cost a bounded number of tries, and those of its own prove themselves all the same", () => {
  const running: Pod = { ...pod, spec: { nodeName: "node1" } };
  const names = Array.from({ length: 240 }, (_, number) => `c${number}`);
  const places = names.map((name) => ({ kind: "containers", name }) as const);
  const signedBy = (name: string, options: NoteOwner["options"]) =>
    signNote(note, { kind: "containers", name }, { ...owner, options });
  const other = { strategy: "common", accelerators: "never" } as const;
  const provenOf = (noteOf: (name: string) => SelectionNote) =>
    provenNotes(new Map(names.map((name) => [name, noteOf(name)])), running, places, owner).size;
  expect(provenOf((name) => signedBy(name, other))).toBe(240);
  const forged = { ...signed, asked: "forged" };
  // Each forged one takes twelve tries: the genuine one after them is not found, the one of the Pod's own options is.
  expect(provenOf((name) => (name === "c239" ? signedBy(name, other) : forged))).toBe(0);
  expect(provenOf((name) => (name === "c239" ? signedBy(name, owner.options) : forged))).toBe(1);
});
