import { describe, expect, test } from "vitest";
import { facts, machineType } from "../../../../test/support/inventory.ts";
import { plainContext } from "../../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../../inventory/snapshot.ts";
import { parseObject } from "../../../kubernetes/object.ts";
import { selections as contract } from "../../contract/views.ts";
import { keptPod } from "./kept-pod.ts";
import { SelectionRows } from "./rows.ts";

const digest = `sha256:${"b".repeat(64)}`;
const at = "2026-05-01T10:00:00Z";
const chosen = { asked: "qnib/bench", code: "selected", reason: "the best", requires: "cpu:zen2", at, variant: digest };
const image = `qnib/bench@${digest}`;

interface Written {
  readonly note?: object | string;
  readonly image?: string;
  readonly node?: string | undefined;
  readonly labels?: object;
  readonly annotations?: object;
  readonly phase?: string;
}

const podOf = ({ note, image: runs = image, node, labels, annotations = {}, phase = "Running" }: Written) => {
  const text = typeof note === "string" ? note : JSON.stringify({ app: note });
  return keptPod(
    parseObject({
      metadata: {
        name: "pod",
        namespace: "apps",
        creationTimestamp: "2026-04-01T00:00:00Z",
        labels,
        annotations: { ...annotations, ...(note === undefined ? {} : { "metahub.dev/selection": text }) },
      },
      spec: { nodeName: node ?? "", containers: [{ name: "app", image: runs }] },
      status: { phase },
    }),
  );
};
const snapshot = new SnapshotBuilder().build(
  [facts("zen3", { pool: "zen", "archspec.io/cpu.target": "zen3" }), facts("plain")],
  [machineType("type3", { pool: "zen" })],
  plainContext,
);
const rowsOf = (written: Written, namespace?: "enabled" | "disabled" | "unsaid") => {
  const pod = podOf({ node: "zen3", ...written });
  const namespaces = namespace === undefined ? undefined : new Map([["apps", { rewrite: namespace }]]);
  const page = new SelectionRows().page(pod === undefined ? [] : [pod], { snapshot, namespaces }, { limit: 5 });
  return contract.parse({ ...page, version: "1" }).items;
};
const stateOf = (...given: Parameters<typeof rowsOf>) => rowsOf(...given).map(({ state }) => state);

describe("the state of an image", () => {
  test.each([
    ["a build that its node runs", { note: chosen }, "best"],
    [
      "one of two alternatives that its node has",
      { note: { ...chosen, requires: "cpu:zen4|cpu:zen3, cpu:x86_64_v2" } },
      "best",
    ],
    ["a build that its node runs no more", { note: { ...chosen, requires: "cpu:zen4" } }, "stale"],
    ["one group of two that is missing", { note: { ...chosen, requires: "cpu:zen2, nvcap:9.0" } }, "stale"],
    ["the generic build", { note: { ...chosen, requires: "generic" } }, "best"],
    ["a note that was shortened", { note: { ...chosen, requires: undefined, reason: undefined } }, "unknown"],
    ["a node that nobody knows", { note: chosen, node: "elsewhere" }, "unknown"],
    ["a Pod without a node", { note: chosen, node: "" }, "unknown"],
    ["another image than was chosen", { note: chosen, image: "qnib/bench:other" }, "unknown"],
    ["a choice that was left to binding", { note: { asked: "a", code: "at-binding", at } }, "missed"],
    ["the same before binding", { note: { asked: "a", code: "at-binding", at }, node: "" }, "unknown"],
    [
      "the same of a Pod that wants none then",
      { note: { asked: "a", code: "nodes-differ", at }, annotations: { "metahub.dev/strategy": "admission" } },
      "left",
    ],
    ["nothing that fits", { note: { asked: "a", code: "nothing-fits", reason: "none", at } }, "left"],
    ["a Pod that opted in and has no note", { labels: { "metahub.dev/rewrite": "enabled" } }, "missed"],
  ] as const)("%s: %#", (_, written, state) => {
    expect(stateOf(written)).toEqual([state]);
  });

  test("Pods without a note count in namespaces that opted in alone, and not where they opted out", () => {
    expect(stateOf({}, "enabled")).toEqual(["missed"]);
    expect(stateOf({ labels: { "metahub.dev/rewrite": "disabled" } }, "enabled")).toEqual([]);
    for (const word of ["unsaid", "disabled", undefined] as const) expect(stateOf({}, word)).toEqual([]);
  });

  test("Pods that ended, mirrors of static ones and annotations that say nothing are passed over", () => {
    expect(stateOf({ note: chosen, phase: "Succeeded" })).toEqual([]);
    expect(stateOf({ note: chosen, annotations: { "kubernetes.io/config.mirror": "x" } })).toEqual([]);
    for (const note of ["{", "[]", "1", '"x"', `{"app":${"[".repeat(1_000)}`]) expect(stateOf({ note })).toEqual([]);
  });

  test("texts of strangers pass through, bounded and of the contract's form", () => {
    const hostile = "<script>alert(1)</script>".repeat(100);
    const note = {
      asked: hostile,
      code: hostile,
      reason: hostile,
      requires: hostile,
      machineType: hostile,
      at: hostile,
      variant: "javascript:alert(1)",
    };
    const [row] = rowsOf({ note, image: hostile });
    expect(row).toMatchObject({ state: "unknown", at: "2026-04-01T00:00:00Z", machineType: "type3" });
    expect(row?.build).toBeUndefined();
    expect(row?.image).toBe(hostile.slice(0, 1_024));
    expect(JSON.stringify(row).length).toBeLessThan(8_000);
  });
});

test("a build is told by any digest that can be verified", () => {
  const long = `sha512:${"b".repeat(128)}`;
  expect(rowsOf({ note: { ...chosen, variant: long }, image: `qnib/bench@${long}` })).toMatchObject([{ build: long }]);
});

test("rows are filtered and paged, and made again once their ground changes", () => {
  const pods = ["zen3", "plain"]
    .flatMap((node) => podOf({ note: chosen, node }) ?? [])
    .map((pod, index) => ({ ...pod, name: `pod${index}` }));
  const rows = new SelectionRows();
  const ground = { snapshot, namespaces: undefined };
  const asked = (query: object, version = "1") =>
    rows.page(pods, ground, { limit: 1, ...query }, version).items.map(({ pod }) => pod);
  expect(rows.page(pods, ground, { limit: 1 }, "1")).toMatchObject({ total: 2, next: "apps/pod0/app" });
  expect(asked({ after: "apps/pod0/app" })).toEqual(["pod1"]);
  expect(asked({ node: "plain" })).toEqual(["pod1"]);
  expect(asked({ state: "stale" })).toEqual(["pod1"]);
  expect(asked({ image: "bench@" })).toEqual(["pod0"]);
  expect(asked({ namespace: "other" })).toEqual([]);
  const [first] = pods;
  if (first === undefined) throw new Error("no Pod");
  pods.splice(0, 1);
  expect(asked({ node: "zen3" })).toEqual(["pod0"]);
  expect(asked({ node: "zen3" }, "2")).toEqual([]);
});
