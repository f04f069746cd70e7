import { expect, test } from "vitest";
import { readOptions } from "./pod-options.ts";

const none = { strategy: "auto", noMatch: "warn", accelerators: "requested", rewrite: "unsaid", mistakes: [] };

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
  expect(readOptions({ annotations })).toEqual({ ...none, strategy: expectedStrategy, noMatch: expectedNoMatch });
});

test.each(["always", "never"])("accelerators %s", (accelerators) => {
  const annotations = { "metahub.dev/accelerators": accelerators };
  expect(readOptions({ annotations })).toEqual({ ...none, accelerators });
});

test.each([
  ["enabled", "enabled"],
  ["disabled", "disabled"],
  ["Disabled", "unsaid"],
])("the label rewrite %s: %s, and it is the label that counts", (text, rewrite) => {
  expect(readOptions({ labels: { "metahub.dev/rewrite": text } })).toEqual({ ...none, rewrite });
  expect(readOptions({ annotations: { "metahub.dev/rewrite": text } })).toEqual(none);
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
  expect(readOptions({ annotations })).toEqual({ ...none, mistakes: [mistake] });
});

test("a long value is not repeated in full", () => {
  const { mistakes } = readOptions({ annotations: { "metahub.dev/strategy": "x".repeat(10_000) } });
  expect(mistakes[0]?.length).toBeLessThan(200);
});

test("whoever wishes the same has the same options, in whatever order and however much of it was said", () => {
  const said = { "metahub.dev/no-match": "warn", "metahub.dev/strategy": "auto", other: "x" };
  for (const metadata of [{}, { annotations: {} }, { annotations: said }, { labels: { app: "x" } }]) {
    expect(JSON.stringify(readOptions(metadata))).toBe(JSON.stringify(none));
  }
});
