import { expect, test } from "vitest";
import { deletionTold } from "./deletion.ts";

const none = { nodes: 0, names: [], moved: [], features: [], refused: [], warnings: [] };
const cluster = { kind: "cluster", keepsCredentials: true } as const;

test("where all is known and nothing changes, this is promised", () => {
  expect(deletionTold({ ...none, pods: 0, credentials: 0 }, cluster)).toEqual({
    nothing: "Nothing else changes: no node is of this type, no running Pod got its build by it, no credential ends.",
    unknown: [],
  });
});

test("of what nobody could count nothing is promised, and each has a sentence", () => {
  const { nothing, unknown } = deletionTold(none, cluster);
  expect(nothing).toBe("Known is: no node is of this type.");
  expect(unknown).toEqual([expect.stringMatching(/Pods.*you may not list Pods/), expect.stringMatching(/credentials/)]);
});

test("Pods that were counted on nodes that nobody could see are not counted", () => {
  const warning = "You may not see nodes.";
  const told = deletionTold({ ...none, warnings: [warning], pods: 0 }, cluster);
  expect(told.nothing).toBeUndefined();
  expect(told.unknown).toEqual([warning, expect.stringContaining("without its nodes"), expect.any(String)]);
  const counted = deletionTold({ ...none, warnings: [warning], pods: 0, credentials: 0 }, cluster);
  expect(counted.nothing).toBe("Known is: no credential ends.");
});

test("a folder knows no Pods, and a console that keeps no credentials ends none", () => {
  const { nothing, unknown } = deletionTold(none, { kind: "folder", keepsCredentials: false });
  expect(nothing).toBe("Known is: no node is of this type, no credential ends.");
  expect(unknown).toEqual(["A folder does not know which Pods got their builds by it."]);
});

test.each([
  ["nodes", { moved: [{ from: "a", to: null, nodes: 1 }], pods: 0, credentials: 0 }],
  ["Pods", { pods: 1, credentials: 0 }],
  ["credentials", { pods: 0, credentials: 1 }],
])("where %s change, nobody is told that nothing does", (_, part) => {
  expect(deletionTold({ ...none, ...part }, cluster)).toEqual({ nothing: undefined, unknown: [] });
});
