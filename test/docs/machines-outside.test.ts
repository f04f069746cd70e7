import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeBlocks } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/machines-outside.md"), "utf8");
const clients = join(root, "test/clients");
const tests = readdirSync(clients, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(clients, file), "utf8"));

test("every block of commands is run by a client's test", () => {
  const sections = page.split(/^#+ /m).map((text) => ({ heading: text.split("\n")[0] ?? "", text }));
  const withCommands = sections.filter(({ text }) => codeBlocks(text).length > 0).map(({ heading }) => heading);
  expect(withCommands.length).toBeGreaterThan(10);
  const run = (heading: string): boolean =>
    tests.some(
      (text) =>
        text.includes(`name: "${heading}"`) ||
        text.includes(`name = "${heading}"`) ||
        text.includes(`commandsBelow("${heading}")`),
    );
  expect(withCommands.filter((heading) => !run(heading))).toEqual([]);
});

test("the table has every client that is tried", () => {
  const rows = [...page.matchAll(/^\| ([^|]+?) +\| [\d.]+/gm)].map(([, name]) => name);
  const tried = tests.flatMap((text) => /name(?: =|:) "([^"]+)"/.exec(text)?.[1] ?? []);
  expect(new Set(rows)).toEqual(new Set([...tried, "containerd: a kubelet"]));
});
