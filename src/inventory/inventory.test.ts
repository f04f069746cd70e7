import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { facts } from "../../test/support/inventory.ts";
import { type InventoryContent, plainContext, SnapshotPublisher } from "./inventory.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const content = (...names: readonly string[]): InventoryContent => ({
  nodes: names.map((name) => facts(name)),
  machineTypes: [],
  context: plainContext,
});

test("changes that come together make one snapshot", () => {
  let now = content("a");
  const publisher = new SnapshotPublisher(() => now);
  const told: number[] = [];
  publisher.onChange(({ nodes }) => told.push(nodes.size));
  for (const names of [
    ["a", "b"],
    ["a", "b", "c"],
  ]) {
    now = content(...names);
    publisher.changed();
  }
  expect([publisher.snapshot, told]).toEqual([undefined, []]);
  vi.advanceTimersByTime(1_000);
  expect([publisher.snapshot?.nodes.size, told]).toEqual([3, [3]]);
  publisher.close();
});

test("changes that never pause are published all the same", () => {
  const publisher = new SnapshotPublisher(() => content("a"));
  const told = vi.fn();
  publisher.onChange(told);
  for (let ms = 0; ms < 1_000; ms += 10) {
    publisher.changed();
    vi.advanceTimersByTime(10);
  }
  // Often enough that a change is told within a second, and no oftener than a large cluster can bear.
  expect(told.mock.calls.length).toBe(4);
  publisher.close();
});

test("nothing is published before everything was read, nor after the end, nor to who left", () => {
  let now: InventoryContent | undefined;
  const publisher = new SnapshotPublisher(() => now);
  const [stays, leaves] = [vi.fn(), vi.fn()];
  publisher.onChange(stays);
  const off = publisher.onChange(leaves);
  publisher.publish();
  expect([publisher.snapshot, stays.mock.calls.length]).toEqual([undefined, 0]);
  now = content("a");
  off();
  publisher.publish();
  expect([stays.mock.calls.length, leaves.mock.calls.length]).toEqual([1, 0]);
  publisher.changed();
  publisher.close();
  vi.advanceTimersByTime(1_000);
  expect(stays.mock.calls.length).toBe(1);
});
