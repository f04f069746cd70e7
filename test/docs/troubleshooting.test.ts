import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bindingOutcomes } from "../../src/binding/outcome.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const page = read("docs/troubleshooting.md");
const sources = globSync("src/**/*.ts", { cwd: root, exclude: ["**/*.test.ts"] }).map((file) => read(file));
const code = sources.join("\n");
const told = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text));

/** The string members of a union type, which are there at compile time only. */
function members(file: string, type: string): readonly string[] {
  const [, union = ""] = read(file).split(`export type ${type} =`);
  const [text = ""] = union.split("\n\n");
  return [...text.matchAll(/\| "([a-z-]+)"/g)].map(([, name = ""]) => name);
}

/** Reasons of Events: words that begin with a capital and have a second one. */
function reasons(file: string): readonly string[] {
  return [...read(file).matchAll(/"([A-Z][a-z]+[A-Z]\w+)"/g)].map(([, name = ""]) => name);
}

const codes = [
  ...members("src/rewriting/decision.ts", "DecisionCode"),
  ...members("src/selection/selection.ts", "SelectionCode"),
];
const events = [...reasons("src/binding/events.ts"), ...reasons("src/controller/pods/bound-event.ts")];
const conditions = ["src/api/status.ts", "src/lists/status.ts"].flatMap((file) =>
  [...read(file).matchAll(/reason(?:: | = .*?)"(\w+)"(?: : "(\w+)")?/g)].flatMap(([, one = "", other]) => [
    one,
    other ?? one,
  ]),
);
const metrics = [...code.matchAll(/"(metahub_[a-z_]+)"/g)].map(([, name = ""]) => name);

test("finds what it looks for", () => {
  const found = { codes, events, conditions, metrics };
  const least = { codes: 18, events: 8, conditions: 7, metrics: 12 };
  const short = Object.entries(found).filter(([kind, names]) => new Set(names).size < Reflect.get(least, kind));
  expect(short).toEqual([]);
});

describe("is on the page", () => {
  test.each([...new Set(codes)])("code %s", (name) => expect(told).toContain(name));
  test.each(bindingOutcomes)("outcome %s", (name) => expect(told).toContain(name));
  test.each([...new Set(events)])("Event %s", (name) => expect(told).toContain(name));
  test.each([...new Set(conditions)])("condition with reason %s", (name) => expect(told).toContain(name));
  test.each([...new Set(metrics)])("metric %s", (name) => expect(told).toContain(name));
});

/** Texts in a table's first column: what the program says, with … for names. */
const said = page
  .split("\n")
  .filter((line) => /^\| `.* /.test(line))
  .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text))
  .filter((text) => text.includes(" "));

test.each(said)("the program says: %s", (text) => {
  // Names of annotations are filled in, and "none of 5 builds" is put together with its verb.
  const pieces = text
    .split(/…|metahub\.dev\/[\w-]+|(?<=builds) (?:fits)?/)
    .map((piece) => piece.trim().replace(/^: |:$/g, ""));
  for (const piece of pieces.filter(({ length }) => length > 8)) expect(code.includes(piece), piece).toBe(true);
});

test("the page quotes many of them", () => {
  expect(said.length).toBeGreaterThan(35);
});
