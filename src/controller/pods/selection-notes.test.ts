import { expect, test } from "vitest";
import type { Pod } from "../../api/pod.ts";
import { chosenForNode, selectionNotes } from "./selection-notes.ts";

const podWith = (text: string | undefined): Pod => ({
  metadata: text === undefined ? {} : { annotations: { "metahub.dev/selection": text } },
  spec: {},
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ["", false],
  ['{"main":{"asked":"a"}}', false],
  ['{"main":{"asked":"a","node":"n"}}', true],
  ['{"one":{"asked":"a"},"two":{"node":"n"}}', true],
  ['{"main":{"node":3}}', false],
  ['{"node":"n"}', false],
  ['["node":', false],
])("%j is chosen for a node: %s", (text, expected) => {
  expect(chosenForNode(podWith(text))).toBe(expected);
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
  expect(Object.fromEntries(selectionNotes(podWith(text)))).toEqual(expected);
});
