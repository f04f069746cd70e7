import { expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { variants } from "../../test/support/variants.ts";
import type { ManifestListStatus } from "../api/manifest-list.ts";
import { ListBook } from "./book.ts";
import type { ResolvedEntry } from "./resolve.ts";
import { computeListStatus } from "./status.ts";

const spec = { image: "qnib/bench", manifests: ["a", "b", "c"].map((tag) => ({ image: `qnib/bench:${tag}` })) };
const mine = list("mine", spec, { day: 2 });
const older = list("older", { ...spec, tags: ["v1"] }, { day: 1 });
const digest = `sha256:${"1".repeat(64)}`;
const found = variants("cpu:skylake,nvcap:8.0,nvcap:9.0", "cpu:skylake");

function resolved(...outcomes: readonly Omit<ResolvedEntry, "entry">[]): readonly ResolvedEntry[] {
  return mine.entries.map((entry, index) => ({ entry, ...(outcomes[index] ?? { digest, variants: found }) }));
}
function compute(entries: readonly ResolvedEntry[], now: string, status?: ManifestListStatus, lists = [mine]) {
  const listed = { list: mine, generation: 3, uid: "u", ...(status === undefined ? {} : { status }) };
  return computeListStatus({ listed, book: new ListBook(lists), resolved: entries, now: new Date(now) });
}
const conditions = ({ conditions: all }: ManifestListStatus) =>
  all?.map(({ type, status, reason }) => [type, status, reason]);
const noon = "2026-11-29T12:00:00.5Z";

test("says of each build what it is, what it requires and when it was found", () => {
  const status = compute(resolved(), noon);
  expect(status).toMatchObject({ observedGeneration: 3, builds: "3/3" });
  expect(status.entries?.[0]).toEqual({
    image: "qnib/bench:a",
    digest,
    platform: "linux/amd64",
    requires: ["cpu:skylake"],
    lastResolved: "2026-11-29T12:00:00Z",
  });
  expect(conditions(status)).toEqual([
    ["Ready", "True", "AllFound"],
    ["Conflict", "False", "Alone"],
  ]);
});

test("says why a build does not count, and whether a registry may still answer", () => {
  const gone = { variants: [], error: "it is not there", temporary: false };
  const away = { variants: [], error: "no answer", temporary: true };
  const refused = { variants: [], error: "it is not in qnib/bench" };
  const status = compute(resolved(gone, away, refused), noon);
  expect(status.builds).toBe("0/3");
  expect(status.entries?.map(({ error, lastResolved }) => [error, lastResolved])).toEqual([
    ["it is not there", "2026-11-29T12:00:00Z"],
    ["no answer", undefined],
    ["it is not in qnib/bench", undefined],
  ]);
  expect(conditions(status)?.[0]).toEqual(["Ready", "False", "NoneCounts"]);
  expect(conditions(compute(resolved(gone), noon))?.[0]).toEqual(["Ready", "False", "SomeDoNotCount"]);
  expect(conditions(compute(resolved(away), noon))?.[0]).toEqual(["Ready", "Unknown", "NotAnswered"]);
});

test("an index that could not be read whole is not counted as whole", () => {
  const status = compute(resolved({ digest, variants: found, incomplete: true }), noon);
  expect(status.builds).toBe("2/3");
  expect(conditions(status)?.[0]).toEqual(["Ready", "Unknown", "NotWhole"]);
});

test("names the list that counts instead, and for what", () => {
  const conflict = compute(resolved(), noon, undefined, [mine, older]).conditions?.[1];
  expect(conflict).toMatchObject({ type: "Conflict", status: "True", reason: "OlderList" });
  expect(conflict?.message).toContain("ClusterManifestList older is older and speaks for v1 of docker.io/qnib/bench");
});

test("is the same for an hour where nothing changed, and keeps when a condition began", () => {
  const first = compute(resolved(), noon);
  expect(compute(resolved(), "2026-11-29T12:59:59Z", first)).toEqual(first);
  const later = compute(resolved(), "2026-11-29T13:00:01Z", first);
  expect(later.entries?.[0]?.lastResolved).toBe("2026-11-29T13:00:01Z");
  expect(later.conditions).toEqual(first.conditions);
  const moved = compute(resolved({ digest: digest.replace("1", "2"), variants: found }), "2026-11-29T12:01:00Z", first);
  expect(moved.entries?.map(({ lastResolved }) => lastResolved?.slice(11, 16))).toEqual(["12:01", "12:00", "12:00"]);
});
