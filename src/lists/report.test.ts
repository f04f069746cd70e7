import { expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { ListBook } from "./book.ts";
import type { DroppedList } from "./follow.ts";
import { ListReport } from "./report.ts";

const manifests = [{ image: "qnib/bench:a" }];
const older = list("older", { image: "qnib/bench:v1", manifests }, { day: 1 });
const younger = list("younger", { image: "qnib/bench", manifests }, { day: 2 });
const tenants = list("mine", { image: "qnib/bench", manifests }, { namespace: "a" });

function setUp() {
  const clock = new ManualClock();
  const state = { book: new ListBook([older, younger, tenants]), dropped: [] as readonly DroppedList[] };
  const told: unknown[] = [];
  const counts: Record<string, number> = {};
  const report = new ListReport({
    book: () => state.book,
    dropped: () => state.dropped,
    metrics: {
      lists: (kind, what, count) => {
        counts[`${kind} ${what}`] = count;
      },
    },
    log: { warn: (...line: readonly unknown[]) => void told.push(line[0]) },
    clock,
  });
  return { clock, state, told, counts, report };
}

test("a list that does not count is told of once, and counted for as long as it does not", () => {
  const { state, told, counts, report } = setUp();
  report.look();
  report.look();
  const reason = "ClusterManifestList older counts instead for v1 of docker.io/qnib/bench";
  expect(told).toEqual([{ list: "ClusterManifestList younger", reason }]);
  expect(counts).toEqual({
    ...{ "ClusterManifestList counts": 1, "ClusterManifestList conflict": 1, "ClusterManifestList dropped": 0 },
    ...{ "ManifestList counts": 1, "ManifestList conflict": 0, "ManifestList dropped": 0 },
  });
  state.dropped = [{ kind: "ManifestList", shown: "ManifestList b/more" }];
  state.book = new ListBook([older]);
  report.look();
  expect(told[1]).toMatchObject({ list: "ManifestList b/more", reason: expect.stringContaining("no room") });
  expect([counts["ManifestList dropped"], counts["ClusterManifestList conflict"]]).toEqual([1, 0]);
});

test("many of them are told of by their number", () => {
  const { state, told, report } = setUp();
  state.dropped = Array.from({ length: 40 }, (_, index) => ({
    kind: "ManifestList",
    shown: `ManifestList a/${index}`,
  }));
  report.look();
  expect(told).toHaveLength(17);
  expect(told[16]).toEqual({ lists: 25 });
});

test("changes that come together are looked at once, and none after the end", async () => {
  const { clock, told, report } = setUp();
  report.changed();
  report.changed();
  expect(told).toEqual([]);
  await clock.advance(1_000);
  expect(told).toHaveLength(1);
  report.changed();
  report.close();
  await clock.advance(5_000);
  expect(clock.waits).toEqual([]);
});
