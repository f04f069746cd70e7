import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTestArguments, testFiles, testHelp } from "./test-arguments.mjs";

const files = ["src/registry/auth.test.ts", "test/integration/memory.test.ts"];

test.each([
  [[], []],
  [["--unit"], ["--project", "unit"]],
  [["memory"], ["memory"]],
  [
    ["./src/registry", "--unit"],
    ["./src/registry", "--project", "unit"],
  ],
  [
    ["-t", "a name that is no path", "auth"],
    ["-t", "a name that is no path", "auth"],
  ],
])("%j becomes %j for vitest", (args, vitest) => {
  expect(readTestArguments(args, files)).toEqual({ vitest });
});

test("a pattern that matches nothing is an error, also beside one that does", () => {
  expect(readTestArguments(["auth", "nowhere"], files)).toEqual({
    wrong: 'no test file has "nowhere" in its path; see npm test -- --help',
  });
});

test("help is help, whatever stands beside it", () => {
  expect(readTestArguments(["nowhere", "--help"], files)).toEqual({ help: true });
  expect(testHelp).toContain("npm test -- --unit");
});

test("test files are found in every folder that holds some", () => {
  const root = mkdtempSync(join(tmpdir(), "metahub-arguments-"));
  try {
    for (const folder of ["src/a/b", "test", "scripts"]) mkdirSync(join(root, folder), { recursive: true });
    for (const file of ["src/a/b/c.test.ts", "src/a/c.ts", "test/d.test.ts"]) writeFileSync(join(root, file), "");
    expect(testFiles(root)).toEqual(["src/a/b/c.test.ts", "test/d.test.ts"]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
