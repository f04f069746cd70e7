import { expect, test } from "vitest";
import { facts, machineType } from "../../../test/support/inventory.ts";
import type { Pod } from "../../api/pod.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { SnapshotBuilder } from "../../inventory/snapshot.ts";
import { boundEvent } from "./bound-event.ts";
import { isLeftOpen, judgeBound } from "./bound-verdict.ts";

const digest = `sha256:${"a".repeat(64)}`;
const build = `qnib/bench@${digest}`;
const open = { main: { asked: "qnib/bench", code: "nodes-differ" } };
const chosenFor = (node: string) => ({ main: { asked: "qnib/bench", code: "selected", variant: digest, node } });
const chosen = chosenFor("old1");

/** old1 and old2 are alike, new1 is not. */
const { nodes } = new SnapshotBuilder().build(
  [facts("old1", { pool: "old" }), facts("old2", { pool: "old" }), facts("new1", { pool: "new" })],
  [
    machineType("old", { pool: "old" }, { features: ["cpu:broadwell"] }),
    machineType("new", { pool: "new" }, { features: ["cpu:skylake"] }),
  ],
  plainContext,
);

interface Given {
  readonly image?: string;
  readonly init?: boolean;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

function podOf(notes: object, { image = "qnib/bench", init = false, node, labels, annotations }: Given = {}): Pod {
  return {
    metadata: {
      name: "p",
      namespace: "default",
      uid: "1",
      ...(labels === undefined ? {} : { labels }),
      annotations: { "metahub.dev/selection": JSON.stringify(notes), ...annotations },
    },
    spec: {
      [init ? "initContainers" : "containers"]: [{ name: "main", image }],
      ...(node === undefined ? {} : { nodeName: node }),
    },
  };
}

const disabled = { "metahub.dev/rewrite": "disabled" };
const admission = { "metahub.dev/strategy": "admission" };
const common = { "metahub.dev/strategy": "common" };

test.each<[string, object, Given, readonly string[]]>([
  ["a choice that is still open", open, { node: "new1" }, ["as-written"]],
  ["the same of an init container", open, { node: "new1", init: true }, ["as-written"]],
  ["a node that is not known", open, { node: "gone" }, ["as-written"]],
  ["no node", open, {}, []],
  ["opted out", open, { node: "new1", labels: disabled }, []],
  ["final at admission", open, { node: "new1", annotations: admission }, []],
  ["a choice that admission made", { main: { code: "selected", variant: digest } }, { node: "new1", image: build }, []],
  ["left for this node", { main: { code: "nothing-fits", node: "new1" } }, { node: "new1" }, []],
  ["left for a node like it", { main: { code: "nothing-fits", node: "old1" } }, { node: "old2" }, []],
  ["left for another node", { main: { code: "nothing-fits", node: "old1" } }, { node: "new1" }, ["as-written"]],
  ["a note of no container", { other: open.main, "volume/main": open.main }, { node: "new1" }, []],
  ["chosen for this node", chosen, { node: "old1", image: build }, []],
  ["chosen for a node like it", chosen, { node: "old2", image: build }, []],
  ["chosen for another node", chosen, { node: "new1", image: build }, ["for-another-node"]],
  ["the same with the tag kept", chosen, { node: "new1", image: `qnib/bench:1@${digest}` }, ["for-another-node"]],
  ["chosen for another node, and this one is not known", chosen, { node: "gone", image: build }, ["for-another-node"]],
  ["neither node is known", chosenFor("lost"), { node: "gone", image: build }, ["for-another-node"]],
  ["chosen for this node, which is not known", chosenFor("gone"), { node: "gone", image: build }, []],
  [
    "final at admission, and chosen all the same",
    chosen,
    { node: "new1", image: build, annotations: admission },
    ["for-another-node"],
  ],
  ["chosen for all nodes", chosen, { node: "new1", image: build, annotations: common }, []],
  ["chosen for another node, but not what it runs", chosen, { node: "new1" }, []],
  ["opted out after it was chosen", chosen, { node: "new1", image: build, labels: disabled }, []],
])("%s", (_, notes, given, outcomes) => {
  expect(judgeBound(podOf(notes, given), nodes).map(({ outcome }) => outcome)).toEqual(outcomes);
});

test.each<[string, object, Given, boolean]>([
  ["to be made at binding", open, {}, true],
  ["the same of an init container", open, { init: true }, true],
  ["final at admission", open, { annotations: admission }, false],
  ["made for a node", chosen, { image: build }, false],
  ["a note of an image volume", { "volume/main": open.main }, {}, false],
  ["no notes", {}, {}, false],
])("a choice is open: %s", (_, notes, given, expected) => {
  expect(isLeftOpen(podOf(notes, given))).toBe(expected);
});

test.each<[object, Given, string, string]>([
  [
    open,
    { node: "new1" },
    "SelectionMissed",
    "image qnib/bench of main runs as written on node new1: no build was chosen when the Pod was bound: the webhook was away or late, or a policy refused it",
  ],
  [
    chosen,
    { node: "new1", image: build },
    "SelectionForAnotherNode",
    `image ${build} of main was chosen for node old1 and runs on node new1, which may need another: delete the Pod so that it is bound anew`,
  ],
])("%j is told", (notes, given, reason, note) => {
  const pod = podOf(notes, given);
  const regarding = { apiVersion: "v1", kind: "Pod", name: "p", namespace: "default", uid: "1" };
  const [verdict] = judgeBound(pod, nodes);
  expect(verdict && boundEvent(pod, verdict)).toEqual({ type: "Warning", reason, action: "Observe", note, regarding });
});

test("what is told fits into an Event, however long the names are", () => {
  const long = "n".repeat(253);
  const image = `${"é".repeat(400)}@${digest}`;
  const container = "c".repeat(63);
  const verdict = { outcome: "for-another-node", container, image, node: long, chosenFor: long } as const;
  const { note } = boundEvent(podOf({}), verdict);
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  expect(note.endsWith("bound anew")).toBe(true);
});
