import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bareFiles, startsPrograms } from "./files.ts";

const root = join(import.meta.dirname, "../..");
const tests = ["src", "test", "scripts"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name)),
);
const isListed = (path: string): boolean => bareFiles.some((part) => path.includes(part));

test("each test file that starts programs which a machine may lack is run on a bare one", () => {
  const starting = tests.filter((path) => startsPrograms.test(readFileSync(join(root, path), "utf8")));
  expect(starting.length).toBeGreaterThan(5);
  expect(starting.filter((path) => !isListed(path) && !path.startsWith("test/bare/"))).toEqual([]);
});

test("nothing is listed that is not there", () => {
  expect(bareFiles.filter((part) => !tests.some((path) => path.includes(part)))).toEqual([]);
});
