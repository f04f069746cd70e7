import { expect, test } from "vitest";
import { changesOf, firstChoice, merge, sidesOf } from "./merge.ts";

const before = { priority: 1, features: ["cpu:zen3"], platform: { os: "linux", architecture: "amd64" } };

test("what nobody changed is no change, in whatever order its keys are", () => {
  expect(changesOf(before, before, { ...before, platform: { architecture: "amd64", os: "linux" } })).toEqual([]);
  const [one, other] = [
    { rows: [{ label: "a", of: { x: 1, y: 2 } }, "b"] },
    { rows: [{ of: { y: 2, x: 1 }, label: "a" }, "b"] },
  ];
  expect(changesOf(one, one, other)).toEqual([]);
  expect(changesOf(one, one, { rows: ["b", one.rows[0]] })).toHaveLength(1);
});

test("two who changed a field alike do not clash", () => {
  const [change] = changesOf(before, { ...before, priority: 2 }, { ...before, priority: 2 });
  expect(change).toMatchObject({ field: "priority", clash: false });
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
  expect(changes.map(firstChoice)).toEqual(["theirs", "mine", undefined]);
  expect(merge(mine, changes, new Map())).toBeUndefined();
  expect(merge(mine, changes, new Map([["priority", "mine"]]))).toEqual({ ...mine, external: true });
  expect(merge(mine, changes, new Map([["priority", "theirs"]]))).toMatchObject({
    priority: 3,
    features: ["cpu:zen4"],
  });
});

test("a field that somebody took away is away", () => {
  const { priority: _, ...theirs } = before;
  const changes = changesOf(before, before, theirs);
  expect(merge(before, changes, new Map())).toStrictEqual(theirs);
  expect(merge(before, changes, new Map([["priority", "mine"]]))).toEqual(before);
});

test("features that each added or took away are joined, and nobody's are dropped", () => {
  const two = { ...before, features: ["cpu:zen3", "fabric:efa"] };
  const mine = { ...two, features: ["cpu:zen3", "fabric:efa", "gpu:a", "os:x"] };
  const changes = changesOf(two, mine, { ...two, features: ["gpu:b", "cpu:zen3", "os:x"] });
  expect(changes.map(firstChoice)).toEqual(["both"]);
  expect(changes.map(sidesOf)).toEqual([["both", "mine", "theirs"]]);
  expect(merge(mine, changes, new Map())).toEqual({ ...two, features: ["gpu:b", "cpu:zen3", "os:x", "gpu:a"] });
});

test("where both put something else in one feature's place a person must choose", () => {
  const mine = { ...before, features: ["cpu:zen4"] };
  const changes = changesOf(before, mine, { ...before, features: ["cpu:zen5"] });
  expect(changes.map(firstChoice)).toEqual([undefined]);
  expect(merge(mine, changes, new Map([["features", "both"]]))?.["features"]).toEqual(["cpu:zen5", "cpu:zen4"]);
});

test("other lists are not joined: their order may count", () => {
  const [change] = changesOf({ rows: ["a"] }, { rows: ["a", "b"] }, { rows: ["a", "c"] });
  expect(change).toMatchObject({ clash: true, both: undefined });
});
