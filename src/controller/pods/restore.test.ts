import { pino } from "pino";
import { expect, test } from "vitest";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import type { JsonPatchOperation, WatchEvent } from "../../kubernetes/client/requests.ts";
import { KubernetesError } from "../../kubernetes/error.ts";
import type { KubernetesObject } from "../../kubernetes/object.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { createControllerMetrics } from "../metrics.ts";
import { Restorer } from "./restore.ts";
import { WaitingPods } from "./waiting-pods.ts";

const build = `qnib/bench@sha256:${"a".repeat(64)}`;
const chosen = { "metahub.dev/selection": JSON.stringify({ main: { asked: "qnib/bench", node: "n" } }) };

const podOf = (name: string, image: string, annotations?: Readonly<Record<string, string>>): KubernetesObject => ({
  metadata: { name, namespace: "default", uid: name, ...(annotations === undefined ? {} : { annotations }) },
  spec: { containers: [{ name: "main", image }] },
});

/** Plays these events of the watch, and gives the writes up to the first of the Pod `last`. */
async function play(
  events: readonly WatchEvent[],
  refusal?: KubernetesError,
): Promise<readonly (readonly [string, readonly JsonPatchOperation[]])[]> {
  const ended = new AbortController();
  const writes: (readonly [string, readonly JsonPatchOperation[]])[] = [];
  const last: readonly WatchEvent[] = [
    { type: "added", object: podOf("last", "qnib/bench") },
    { type: "modified", object: podOf("last", build, chosen) },
  ];
  const sendPatch: KubernetesClient["sendPatch"] = (target, change) => {
    writes.push([target.name, change.type === "json" ? change.operations : []]);
    if (target.name === "last") ended.abort();
    return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
  };
  const pods = new WaitingPods({
    client: {
      each: () => Promise.resolve("1"),
      async *watch(_target, { signal }) {
        for (const event of [...events, ...last]) yield event;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
  });
  const log = pino({ level: "silent" });
  const restorer = new Restorer({
    pods,
    client: { sendPatch },
    afterMs: 20,
    metrics: createControllerMetrics(createRegistry()),
    log,
  });
  await Promise.all([pods.follow(ended.signal), restorer.run(ended.signal)]);
  return writes.filter(([name]) => name !== "last");
}

const added = (object: KubernetesObject): WatchEvent => ({ type: "added", object });
const modified = (object: KubernetesObject): WatchEvent => ({ type: "modified", object });

test("a Pod that was written for a node and stays unbound gets back what it had", async () => {
  const [write] = await play([added(podOf("p", "qnib/bench")), modified(podOf("p", build, chosen))]);
  expect(write).toEqual([
    "p",
    [
      { op: "test", path: "/metadata/uid", value: "p" },
      { op: "test", path: "/spec/nodeName", value: null },
      { op: "test", path: "/metadata/annotations/metahub.dev~1selection", value: chosen["metahub.dev/selection"] },
      { op: "test", path: "/spec/containers/0/image", value: build },
      { op: "replace", path: "/spec/containers/0/image", value: "qnib/bench" },
      { op: "remove", path: "/metadata/annotations/metahub.dev~1selection" },
    ],
  ]);
});

test("the annotation that it had comes back too", async () => {
  const before = { "metahub.dev/selection": '{"main":{"asked":"qnib/bench","code":"nodes-differ"}}' };
  const [write] = await play([added(podOf("p", "qnib/bench", before)), modified(podOf("p", build, chosen))]);
  expect(write?.[1].at(-1)).toEqual({
    op: "add",
    path: "/metadata/annotations/metahub.dev~1selection",
    value: before["metahub.dev/selection"],
  });
});

test("written twice, for two nodes: what it had before both", async () => {
  const other = { "metahub.dev/selection": JSON.stringify({ main: { node: "m" } }) };
  const second = `qnib/bench@sha256:${"b".repeat(64)}`;
  const [write] = await play([
    added(podOf("p", "qnib/bench")),
    modified(podOf("p", build, chosen)),
    modified(podOf("p", second, other)),
  ]);
  expect(write?.[1]).toContainEqual({ op: "replace", path: "/spec/containers/0/image", value: "qnib/bench" });
});

test.each<[string, readonly WatchEvent[]]>([
  [
    "bound meanwhile",
    [
      added(podOf("p", "qnib/bench")),
      modified(podOf("p", build, chosen)),
      { type: "deleted", object: podOf("p", build, chosen) },
    ],
  ],
  ["not seen before it was written", [added(podOf("p", build, chosen))]],
  [
    "another Pod of the same name",
    [
      added({ ...podOf("p", "qnib/bench"), metadata: { name: "p", namespace: "default", uid: "old" } }),
      modified(podOf("p", build, chosen)),
    ],
  ],
  [
    "changed by its owner meanwhile",
    [added(podOf("p", "qnib/bench")), modified(podOf("p", build, chosen)), modified(podOf("p", "qnib/other"))],
  ],
  ["not written at binding", [added(podOf("p", "qnib/bench")), modified(podOf("p", build))]],
  [
    "an annotation that is none of ours",
    [added(podOf("p", "qnib/bench")), modified(podOf("p", build, { "metahub.dev/selection": '"node":' }))],
  ],
  [
    "a forged annotation on an image of another repository",
    [added(podOf("p", "evil/bench")), modified(podOf("p", build, chosen))],
  ],
  [
    "a forged annotation on an image that is no build",
    [added(podOf("p", "qnib/bench:1")), modified(podOf("p", "qnib/bench:2", chosen))],
  ],
  [
    "a forged annotation and the same image",
    [added(podOf("p", "qnib/bench")), modified(podOf("p", "qnib/bench", chosen))],
  ],
])("left alone: %s", async (_, events) => {
  expect(await play(events)).toEqual([]);
});

test.each(["INVALID", "NOT_FOUND", "CONFLICT", "FORBIDDEN"] as const)(
  "a write refused with %s is not tried again",
  async (code) => {
    const writes = await play(
      [added(podOf("p", "qnib/bench")), modified(podOf("p", build, chosen))],
      new KubernetesError(code, "no"),
    );
    expect(writes).toHaveLength(1);
  },
);
