import { expect, test } from "vitest";
import type { Pod } from "../../api/pod.ts";
import { isOpen } from "./note.ts";
import { notesOf, parseSelection } from "./read.ts";

test.each([
  ["nothing", undefined],
  ["no JSON", "{"],
  ["a list", "[1]"],
  ["null", "null"],
  ["notes that are no objects", '{"a":1,"b":null,"c":[]}'],
  ["more than is ever written", JSON.stringify({ a: { x: "y".repeat(33_000) } })],
])("what a user wrote there is only a hint: %s", (_name, text) => {
  expect(parseSelection(text).size).toBe(0);
});

test.each<[string, string, object]>([
  ["left to the binding", '{"main":{"asked":"a","code":"nodes-differ"}}', { main: { open: true } }],
  ["no node yet", '{"main":{"code":"no-nodes"}}', { main: { open: true } }],
  ["at the owner's wish", '{"main":{"code":"at-binding"}}', { main: { open: true } }],
  ["another code", '{"main":{"code":"nothing-fits"}}', { main: { open: false } }],
  ["left for a node", '{"main":{"code":"no-nodes","node":"n"}}', { main: { node: "n", open: false } }],
  [
    "chosen",
    '{"main":{"code":"selected","variant":"v","node":"n"}}',
    { main: { variant: "v", node: "n", open: false } },
  ],
  ["no name of a node", '{"main":{"variant":"v","node":"\\u001b[31m"}}', { main: { variant: "v", open: false } }],
  ["a name too long", `{"main":{"node":"${"n".repeat(254)}"}}`, { main: { open: false } }],
  ["not texts", '{"main":{"code":["at-binding"],"variant":1,"node":{}}}', { main: { open: false } }],
  ["cut by the webhook", '{"main":{"code":"no-nodes"},"…":3}', { main: { open: true } }],
  [
    "a name that JavaScript knows",
    '{"__proto__":{"code":"no-nodes"}}',
    Object.fromEntries([["__proto__", { open: true }]]),
  ],
  ["longer than ours are", `{"main":{"code":"no-nodes"}${" ".repeat(33_000)}}`, {}],
  ["a list", '[{"code":"no-nodes"}]', {}],
  ["null", "null", {}],
  ["no JSON", "{main", {}],
])("%s", (_, text, expected) => {
  const told = [...parseSelection(text)].map(([name, note]) => {
    const { variant, node } = note;
    return [name, { ...(variant && { variant }), ...(node && { node }), open: isOpen(note) }] as const;
  });
  expect(Object.fromEntries(told)).toEqual(expected);
});

const digest = `sha256:${"a".repeat(64)}`;
const list = `ClusterManifestList/bench 0f1e2d3c-0000-4000-8000-000000000000 ${digest}`;
const nothing = { asked: "", code: "", reason: "", at: "" };

test.each<[string, object, object]>([
  ["a reference longer than any is", { asked: "a".repeat(1_025) }, nothing],
  ["a variant longer than any is", { variant: "a".repeat(1_025) }, nothing],
  ["an index that is no digest", { index: "latest" }, nothing],
  ["an index", { index: digest }, { ...nothing, index: digest }],
  ["numbers", { asked: 1, code: 2, reason: 3, requires: 4, machineType: 5, node: 6, at: 7, index: 8 }, nothing],
  ["empty texts", { requires: "", machineType: "", node: "", variant: "", index: "" }, nothing],
  ["a list", { list }, { ...nothing, list }],
  ["a list beside an index", { list, index: digest }, { ...nothing, index: digest }],
  ["a list that is none", { list: `${list} and more` }, nothing],
  ["a list that moves a cursor", { list: list.replace("bench", "b\u001b[31m") }, nothing],
  ["a member of nobody's", { other: "x" }, nothing],
  ["a long text for people", { reason: "r".repeat(2_000) }, { ...nothing, reason: "r".repeat(1_024) }],
])("a member counts where it has a meaning: %s", (_, note, expected) => {
  expect(parseSelection(JSON.stringify({ main: note })).get("main")).toEqual(expected);
});

test("a Pod is read once, whoever asks", () => {
  const pod: Pod = { metadata: { annotations: { "metahub.dev/selection": '{"main":{"asked":"a"}}' } }, spec: {} };
  expect(notesOf(pod).get("main")?.asked).toBe("a");
  expect(notesOf(pod)).toBe(notesOf(pod));
});
