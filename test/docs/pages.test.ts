import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findPages } from "../../scripts/pages/find.ts";
import { brokenLinks } from "../../scripts/pages/links.ts";
import { faultsOfRecord, recordFaults } from "../../scripts/pages/records.ts";
import { roomsWithoutReadme } from "../../scripts/pages/rooms.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "metahub-pages-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}

describe("links", () => {
  test("that lead to files, folders and headings are right", async () => {
    await write({
      "README.md": "[a](docs/a.md) [b](docs) [c](docs/a.md#two-words) [d](#here)\n\n## Here\n",
      "docs/a.md": "# A\n\n## Two words\n\n[up](../README.md) [out](https://example.com/x.md)\n",
    });
    expect(findPages(root)).toEqual(["README.md", "docs/a.md"]);
    expect(brokenLinks(root, findPages(root))).toEqual([]);
  });

  test("that lead nowhere are told of, with their page", async () => {
    await write({
      "README.md": "[a](gone.md) [b](docs/a.md#nowhere) [c](#neither)\n",
      "docs/a.md": "# A\n\n[beside](b.md)\n",
    });
    expect(brokenLinks(root, findPages(root))).toEqual([
      "README.md: leads to gone.md, which is not there",
      "README.md: leads to docs/a.md#nowhere, and that page has no such heading",
      "README.md: leads to #neither, and that page has no such heading",
      "docs/a.md: leads to b.md, which is not there",
    ]);
  });

  test("in code are no links", async () => {
    await write({ "README.md": "`[a](gone.md)`\n\n```md\n[b](gone.md)\n```\n" });
    expect(brokenLinks(root, ["README.md"])).toEqual([]);
  });
});

describe("rooms", () => {
  test("with a question are right", async () => {
    await write({ "src/main.ts": "", "src/a/README.md": "# a\n\nWhat is it\nfor?\n\nMore.\n" });
    expect(roomsWithoutReadme(root)).toEqual([]);
  });

  test("without a README, or without a question, are told of", async () => {
    await write({ "src/a/a.ts": "", "src/b/README.md": "# b\n\nThis is b.\n" });
    expect(roomsWithoutReadme(root)).toEqual([
      "src/a: a room needs a README.md: its question, its doors, what it never does",
      "src/b/README.md: the paragraph under the title is the room's question, and ends with a question mark",
    ]);
  });
});

describe("decision records", () => {
  const whole =
    "# 7. A\n\n- Date: 2026-11-28\n- Status: accepted\n\n## Decision\n\n## Alternatives\n\n## When to revisit\n";

  test("with all their parts, in the index, are right", async () => {
    await write({ "docs/decisions/README.md": "[7](0007-a.md)", "docs/decisions/0007-a.md": whole });
    expect(recordFaults(root)).toEqual([]);
  });

  test("that the index does not list are told of", async () => {
    await write({ "docs/decisions/README.md": "", "docs/decisions/0007-a.md": whole });
    expect(recordFaults(root)).toEqual(["docs/decisions/README.md: does not list 0007-a.md"]);
  });

  test.each([
    ["Date: ", "lacks a line `- Date: YYYY-MM-DD`"],
    ["Status: ", "lacks a line `- Status: …`"],
    ["Alternatives", "lacks its alternatives"],
    ["revisit", "lacks when to revisit it"],
    ["7. A", "lacks a title `# N. …` with its number"],
  ])("without %s are told of", (part, fault) => {
    expect(faultsOfRecord("0007-a.md", whole.replace(part, ""))).toEqual([`0007-a.md: ${fault}`]);
  });

  test("with another number than their file's are told of", () => {
    expect(faultsOfRecord("0008-a.md", whole)).toEqual(["0008-a.md: its title has the number 7"]);
  });
});
