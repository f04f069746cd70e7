import { beforeEach, expect, test } from "vitest";
import { Holds, heldMs, isHeldByNote } from "./hold.ts";

let now = 0;
let holds: Holds;
beforeEach(() => {
  now = 0;
  holds = new Holds(() => now);
});

test("a Pod is one node's while that binding is reviewed, and a while longer", () => {
  expect(holds.take("p", "a")).toBe(true);
  expect(holds.take("p", "b")).toBe(false);
  now = 60_000;
  expect(holds.take("p", "b")).toBe(false);
  holds.giveBack("p", true);
  now += heldMs - 1;
  expect(holds.take("p", "b")).toBe(false);
  now += 1;
  expect(holds.take("p", "b")).toBe(true);
});

test("nothing is held once the binding is over", () => {
  holds.take("p", "a");
  holds.giveBack("p", false);
  expect(holds.take("p", "b")).toBe(true);
});

test("reviews for the same node hold it together, until the last of them ends", () => {
  holds.take("p", "a");
  holds.take("p", "a");
  holds.giveBack("p", false);
  expect(holds.take("p", "b")).toBe(false);
  holds.giveBack("p", false);
  expect(holds.take("p", "b")).toBe(true);
});

test("taken again for the same node, the time begins anew", () => {
  holds.take("p", "a");
  holds.giveBack("p", true);
  now = heldMs - 1;
  holds.take("p", "a");
  holds.giveBack("p", true);
  now = heldMs + 1;
  expect(holds.take("p", "b")).toBe(false);
});

test("Pods are apart", () => {
  holds.take("p", "a");
  expect(holds.take("q", "b")).toBe(true);
});

test.each([
  ["written just now", 0, true],
  ["by a replica whose clock is five seconds ahead", -4_999, true],
  ["of the future", -5_001, false],
  ["of five seconds ago, in whole seconds", heldMs + 999, true],
  ["of long ago", heldMs + 1_000, false],
])("a note for another node, %s", (_what, age, held) => {
  const at = "2026-11-23T12:00:00Z";
  const note = { asked: "a", code: "selected", reason: "", node: "b", at };
  const time = new Date(Date.parse(at) + age);
  expect(isHeldByNote(new Map([["main", note]]), "a", time)).toBe(held);
  expect(isHeldByNote(new Map([["main", note]]), "b", time)).toBe(false);
});
