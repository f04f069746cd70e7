import { expect, test } from "vitest";
import { commentFaults } from "../../scripts/comments/find.ts";

const faults = (comment: string): readonly string[] =>
  commentFaults(`code();\n${comment}\nmore();\n`).map(({ line, sentence }) => `${line} ${sentence}`);

test.each([
  ["/** What it says. */", ["2 What it says."]],
  ["/** The thing. Of it, nothing else. */", ["2 Of it, nothing else."]],
  ["/**\n * The thing.\n *\n * What follows\n * goes on.\n */", ["3 What follows goes on."]],
  ["/**\n * The kinds:\n * - What one is.\n */", ["3 What one is."]],
  ["/** Reads it. Throws SomeError with the place. */", ["2 Throws SomeError with the place."]],
  ["/** Undefined for none; throws SomeError. */", ["2 Undefined for none; throws SomeError."]],
])("%s", (comment, found) => {
  expect(faults(comment)).toEqual(found);
});

test.each([
  "/** The thing. It says what it is; of several, the first. */",
  "/** Reads it. @throws SomeError with the place */",
  "/** Official names. Whatever comes. */",
  "/** The error that a caller throws away. */",
  "// What a line comment says is not looked at.",
  'const text = "Throws SomeError";',
])("%s is right", (comment) => {
  expect(faults(comment)).toEqual([]);
});
