import { expect, test } from "vitest";
import { ManifestError } from "./error.ts";
import { parseManifests } from "./parse.ts";

const places = (text: string) =>
  parseManifests(text, "f.yaml").map(({ apiVersion, kind, place }) => `${apiVersion} ${kind}: ${place}`);

test.each<[string, string, readonly string[]]>([
  ["nothing", "", []],
  ["only comments", "# a\n---\n---\n", []],
  ["one object", "apiVersion: v1\nkind: Node\n", ["v1 Node: f.yaml"]],
  ["JSON", '{"apiVersion": "v1", "kind": "Node"}', ["v1 Node: f.yaml"]],
  [
    "several documents, an empty one between",
    "apiVersion: v1\nkind: Node\n---\n---\napiVersion: v1\nkind: Pod\n",
    ["v1 Node: f.yaml, document 1", "v1 Pod: f.yaml, document 3"],
  ],
  [
    "a List",
    "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Node}, {apiVersion: v1, kind: Pod}]",
    ["v1 Node: f.yaml, item 1", "v1 Pod: f.yaml, item 2"],
  ],
  [
    "a list of one kind, whose items say nothing of themselves",
    "apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: a}}]",
    ["v1 Node: f.yaml, item 1"],
  ],
])("%s", (_name, text, expected) => {
  expect(places(text)).toEqual(expected);
});

test.each<[string, string, ManifestError["code"], RegExp]>([
  ["no YAML", "a: [", "YAML_INVALID", /^f\.yaml: not valid YAML: .*\(line \d+, column \d+\)$/],
  ["a text", "hello", "OBJECT_INVALID", /^f\.yaml: a Kubernetes object was expected$/],
  ["a list of texts", "- a", "OBJECT_INVALID", /a Kubernetes object was expected/],
  ["no kind", "apiVersion: v1", "OBJECT_INVALID", /^f\.yaml: no apiVersion and kind/],
  [
    "an item that is none",
    "apiVersion: v1\nkind: List\nitems: [1]",
    "OBJECT_INVALID",
    /^f\.yaml, item 1: a Kubernetes object/,
  ],
  ["too long", `# ${"x".repeat(32 * 1024 * 1024)}`, "TOO_MUCH", /longer than/],
])("%s is refused with its place", (_name, text, code, message) => {
  let error: unknown;
  try {
    parseManifests(text, "f.yaml");
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ManifestError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

test("a text that aliases make grow without end is refused", () => {
  const lines = ["apiVersion: v1", "kind: List", "a0: &a0 [x, x]"];
  for (let level = 1; level < 30; level++) lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);
  lines.push("items: [*a29]");
  // Aliases are shared and not copied: reading ends at once, and the item is no object.
  expect(() => parseManifests(lines.join("\n"), "f.yaml")).toThrow(ManifestError);
});
