import { expect, test } from "vitest";
import { machineType } from "../../test/support/inventory.ts";
import { claimOrder, claims } from "./assign.ts";

test("the higher priority claims first, then the name", () => {
  const types = [
    machineType("b", { pool: "x" }),
    machineType("a", { pool: "x" }),
    machineType("low", { pool: "x" }, { priority: -1 }),
    machineType("high", { pool: "x" }, { priority: 5 }),
  ];
  expect(claimOrder(types).map(({ metadata }) => metadata.name)).toEqual(["high", "a", "b", "low"]);
});

test("claims names every type that fits, its owner first", () => {
  const inOrder = claimOrder([
    machineType("b", { pool: "x" }),
    machineType("a", { pool: "x", zone: "1" }),
    machineType("other", { pool: "y" }),
  ]);
  const names = (labels: Record<string, string>) => claims(labels, inOrder).map(({ metadata }) => metadata.name);
  expect(names({ pool: "x", zone: "1" })).toEqual(["a", "b"]);
  expect(names({ pool: "x" })).toEqual(["b"]);
  expect(names({})).toEqual([]);
});
