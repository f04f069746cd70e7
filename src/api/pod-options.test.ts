import { expect, test } from "vitest";
import { readOptions, withoutStrategy } from "./pod-options.ts";

test.each([
  [undefined, undefined, "auto", "warn"],
  ["auto", "warn", "auto", "warn"],
  ["admission", "deny", "admission", "deny"],
  ["bind", "steer", "bind", "steer"],
  ["common", undefined, "common", "warn"],
])("strategy %s and no-match %s", (strategy, noMatch, expectedStrategy, expectedNoMatch) => {
  const annotations = {
    ...(strategy === undefined ? {} : { "metahub.dev/strategy": strategy }),
    ...(noMatch === undefined ? {} : { "metahub.dev/no-match": noMatch }),
  };
  expect(readOptions(annotations)).toEqual({ strategy: expectedStrategy, noMatch: expectedNoMatch, mistakes: [] });
});

test.each([
  [
    { "metahub.dev/strategy": "Bind" },
    'annotation metahub.dev/strategy: "Bind" is none of auto, admission, bind, common; taken as auto',
  ],
  [{ "metahub.dev/no-match": "" }, 'annotation metahub.dev/no-match: "" is none of warn, deny, steer; taken as warn'],
  [
    { "metahub.dev/accelerators": "true" },
    'annotation metahub.dev/accelerators: "true" is none of always, never; what each container requests decides',
  ],
])("%j means nothing, and the Warning names what does", (annotations, mistake) => {
  expect(readOptions(annotations)).toEqual({ strategy: "auto", noMatch: "warn", mistakes: [mistake] });
});

test("a long value is not repeated in full", () => {
  const { mistakes } = readOptions({ "metahub.dev/strategy": "x".repeat(10_000) });
  expect(mistakes[0]?.length).toBeLessThan(200);
});

test("only the strategy is taken away", () => {
  expect(withoutStrategy({ a: "b", "metahub.dev/strategy": "bind" })).toEqual({ a: "b" });
  expect(withoutStrategy()).toEqual({});
});
