import { expect, test } from "vitest";
import { changesOf, firstChoice, merge } from "./merge.ts";

const before = { priority: 1, features: ["cpu:zen3"], platform: { os: "linux", architecture: "amd64" } };

test("what nobody changed is no change, in whatever order its keys are", () => {
  expect(changesOf(before, before, { ...before, platform: { architecture: "amd64", os: "linux" } })).toEqual([]);
});

test("each takes what they changed, and a clash is told", () => {
  const mine = { ...before, features: ["cpu:zen4"], priority: 2 };
  const theirs = { ...before, priority: 3, external: true };
  const changes = changesOf(before, mine, theirs);
  expect(changes.map(({ field, clash }) => [field, clash])).toEqual([
    ["external", false],
    ["features", false],
    ["priority", true],
  ]);
  expect(changes.map(firstChoice)).toEqual(["theirs", "mine", "mine"]);
  expect(merge(mine, changes, new Map())).toEqual({ ...mine, external: true });
  expect(merge(mine, changes, new Map([["priority", "theirs"]]))).toMatchObject({
    priority: 3,
    features: ["cpu:zen4"],
  });
});

test("a field that somebody took away is away", () => {
  const { priority: _, ...theirs } = before;
  const changes = changesOf(before, before, theirs);
  expect(merge(before, changes, new Map())).toEqual(theirs);
  expect(merge(before, changes, new Map([["priority", "mine"]]))).toEqual(before);
});
