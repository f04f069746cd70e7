import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/failures.md"), "utf8");
/** `file`: <q>title</q> */
const named = [...page.matchAll(/^\s*`([^`]+\.test\.ts)`: <q>(.+)<\/q>/gm)].map(([, file = "", title = ""]) => ({
  file,
  title,
}));

describe("docs/failures.md", () => {
  test("every entry names a test", () => {
    const entries = page.split(/^- \*\*/m).slice(1);
    const without = entries.filter((entry) => !/`: <q>/.test(entry)).map((entry) => entry.split("**")[0]);
    // Of these nothing happens that a test could wait for.
    expect(without).toEqual(["All replicas are away."]);
    expect(named.length).toBeGreaterThan(20);
  });

  test.each(named)("$file: $title", ({ file, title }) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    const source = readFileSync(join(root, file), "utf8");
    // `test("…"`, or the title alone on its line where the table of cases or the line's length wants that.
    expect(
      source.includes(`test("${title}"`) || source.includes(`("${title}"`) || source.includes(`"${title}",`),
      title,
    ).toBe(true);
  });
});
