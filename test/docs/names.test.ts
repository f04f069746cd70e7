import { expect, test } from "vitest";
import { environmentFaults } from "../../scripts/names/environment.ts";
import { nameFaults } from "../../scripts/names/files.ts";

test.each([
  "src/registry/layout-writer.test.ts",
  "src/hardware/cpu/graph.generated.ts",
  "src/api/README.md",
  ".github/ISSUE_TEMPLATE/bug.yml",
  "charts/metahub/templates/_helpers.tpl",
  "crds/metahub.dev_machinetypes.yaml",
  "docs/decisions/0001-rooms.md",
])("%s is a name as others are", (path) => {
  expect(nameFaults([path])).toEqual([]);
});

test.each([
  ["src/registry/layoutWriter.ts", /layoutWriter.ts is not kebab-case/],
  ["src/text/BadFolder/fine.ts", /BadFolder is not kebab-case/],
  ["docs/BadName.md", /BadName.md is not kebab-case/],
  ["test/snake_case.json", /snake_case.json is not kebab-case/],
  ["src/registry/utils.ts", /utils.ts says nothing/],
  ["src/helpers/one.ts", /helpers says nothing/],
])("%s is refused", (path, words) => {
  expect(nameFaults([path])).toEqual([expect.stringMatching(words)]);
});

test.each([
  ["const { env } = process;", /:1: process handed on whole/],
  ["\nimport process from 'node:process';", /:2: an import of process/],
  ["import { env } from 'process';", /an import of process/],
  ["read(process);", /process handed on whole/],
  ["const name = 'env'; process[name];", /process handed on whole/],
])("%s reads the environment", (text, words) => {
  expect(environmentFaults("src/x.ts", text)).toEqual([expect.stringMatching(words)]);
});

test.each([
  "process.exitCode = 1;",
  "process['pid'];",
  "context.process.run();",
  "const options = { process: started };",
  "interface Run { readonly process: string }",
])("%s does not", (text) => {
  expect(environmentFaults("src/x.ts", text)).toEqual([]);
});
