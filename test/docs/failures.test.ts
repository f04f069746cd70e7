import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
/** `file`: <q>title</q> */
const namedIn = (page: string) =>
  [...page.matchAll(/^\s*`([^`]+\.test\.ts)`: <q>(.+)<\/q>/gm)].map(([, file = "", title = ""]) => ({ file, title }));
const page = read("docs/failures.md");
const threats = read("docs/threat-model.md");
const named = namedIn(page);

describe("docs/failures.md", () => {
  test("every entry names a test", () => {
    const entries = page.split(/^- \*\*/m).slice(1);
    const without = entries.filter((entry) => !/`: <q>/.test(entry)).map((entry) => entry.split("**")[0]);
    // Of these nothing happens that a test could wait for.
    expect(without).toEqual(["All replicas are away."]);
    expect(named.length).toBeGreaterThan(20);
  });
});

describe("docs/threat-model.md", () => {
  test("every entry names a test, or says that it is open or accepted", () => {
    const entries = threats.split(/^- \*\*/m).slice(1);
    const whoEntries = threats.slice(0, threats.indexOf("## From")).split(/^- \*\*/m).length - 1;
    const without = entries.slice(whoEntries).filter((entry) => !/`: <q>|\*\*Open\*\*|Accepted/.test(entry));
    expect(without).toEqual([]);
    expect(namedIn(threats).length).toBeGreaterThan(20);
  });
});

test.each([...named, ...namedIn(threats)])("$file: $title", ({ file, title }) => {
  expect(existsSync(join(root, file)), file).toBe(true);
  const source = readFileSync(join(root, file), "utf8");
  // `test("…"`, or the title alone on its line where the table of cases or the line's length wants that.
  expect(
    source.includes(`test("${title}"`) || source.includes(`("${title}"`) || source.includes(`"${title}",`),
    title,
  ).toBe(true);
});
