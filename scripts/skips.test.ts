import { expect, test } from "vitest";
import { unreasonedSkips } from "./skips.ts";

const problems = (text: string): readonly string[] =>
  unreasonedSkips("a.test.ts", text).map(({ line, problem }) => `${line}: ${problem.split(";")[0]}`);

test.each([
  ['test.skip("a", () => {});', "1: test.skip takes no reason"],
  ['describe.skipIf(true)("a", () => {});', "1: describe.skipIf takes no reason"],
  ['describe.runIf(local)("a", () => {});', "1: describe.runIf takes no reason"],
  ['it.concurrent.skip.each([1])("a", () => {});', "1: it.concurrent.skip takes no reason"],
  ['test.each(cases).skip("a", () => {});', "1: test.each(cases).skip takes no reason"],
  ['test.todo("a");', "1: test.todo takes no reason"],
  ["const later = describe.skip;", "1: describe.skip takes no reason"],
  ['import { test as check } from "vitest";\ncheck.skip("a", () => {});', "2: check.skip takes no reason"],
  ['test("a", { skip: true }, () => {});', "1: the option skip takes no reason"],
  ['test.each(cases)("a", { timeout: 5, todo }, () => {});', "1: the option todo takes no reason"],
  ['test("a", ({ skip }) => {\n  skip();\n});', "2: skip without a reason"],
  ['test("a", ({ skip }) => skip(process.platform === "darwin"));', "1: skip without a reason"],
  ['test("a", ({ skip }) => skip(missing, " "));', "1: skip without a reason"],
  ['test("a", (context) => context.skip(missing));', "1: skip without a reason"],
])("%s is refused", (text, problem) => {
  expect(problems(text)).toEqual([problem]);
});

test.each([
  'test("a", ({ skip }) => skip("no zsh"));',
  `test("a", ({ skip }) => skip(missing, \`no \${name}\`));`,
  'test("a", (context) => context.skip(reason));',
  'describeWith(requireProgram("zsh", "zsh"), "zsh", () => {});',
  'const found = { skip: "no zsh", packages: [] };\nif ("skip" in found) throw new Error(found.skip);',
  'node("b", 2, { skip: true });',
])("%s is accepted", (text) => {
  expect(problems(text)).toEqual([]);
});
