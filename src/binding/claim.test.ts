import { beforeEach, expect, test } from "vitest";
import { Claims, heldMs } from "./claim.ts";

let now = 0;
let claims: Claims;
beforeEach(() => {
  now = 0;
  claims = new Claims(() => now);
});

test("a Pod is one node's while that binding is reviewed, and a while longer", () => {
  expect(claims.take("p", "a")).toBe(true);
  expect(claims.take("p", "b")).toBe(false);
  now = 60_000;
  expect(claims.take("p", "b")).toBe(false);
  claims.giveBack("p", false);
  now += heldMs - 1;
  expect(claims.take("p", "b")).toBe(false);
  now += 1;
  expect(claims.take("p", "b")).toBe(true);
});

test("nothing is held once the binding is over", () => {
  claims.take("p", "a");
  claims.giveBack("p", true);
  expect(claims.take("p", "b")).toBe(true);
});

test("reviews for the same node hold it together, until the last of them ends", () => {
  claims.take("p", "a");
  claims.take("p", "a");
  claims.giveBack("p", true);
  expect(claims.take("p", "b")).toBe(false);
  claims.giveBack("p", true);
  expect(claims.take("p", "b")).toBe(true);
});

test("taken again for the same node, the time begins anew", () => {
  claims.take("p", "a");
  claims.giveBack("p", false);
  now = heldMs - 1;
  claims.take("p", "a");
  claims.giveBack("p", false);
  now = heldMs + 1;
  expect(claims.take("p", "b")).toBe(false);
});

test("Pods are apart", () => {
  claims.take("p", "a");
  expect(claims.take("q", "b")).toBe(true);
});
