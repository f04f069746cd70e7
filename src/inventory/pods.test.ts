import { expect, test } from "vitest";
import { parsePod } from "../api/parse-pod.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { fractionContainer } from "../rewriting/gpu-fraction.ts";
import { keptBytes, trimPod, UnscheduledPods } from "./pods.ts";

const full = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "p",
    namespace: "default",
    uid: "1",
    labels: { app: "x", "metahub.dev/rewrite": "enabled" },
    annotations: { big: "x".repeat(100), "metahub.dev/strategy": "bind" },
  },
  spec: {
    nodeSelector: { pool: "a" },
    tolerations: [{ operator: "Exists" }],
    imagePullSecrets: [{ name: "pull" }],
    volumes: [{ name: "v", image: { reference: "data" } }],
    containers: [
      {
        name: "main",
        image: "qnib/bench",
        env: [{ name: "SECRET", value: "1" }],
        resources: { limits: { cpu: "1", "nvidia.com/gpu": "1" }, requests: { memory: "1Gi" } },
      },
    ],
  },
};

test("keeps of a Pod what the choice of its images needs", () => {
  expect(trimPod(parsePod(full))).toEqual({
    metadata: {
      name: "p",
      namespace: "default",
      uid: "1",
      labels: { "metahub.dev/rewrite": "enabled" },
      annotations: { "metahub.dev/strategy": "bind" },
    },
    spec: {
      imagePullSecrets: [{ name: "pull" }],
      containers: [
        { name: "main", image: "qnib/bench", resources: { limits: { "nvidia.com/gpu": "1" }, requests: {} } },
      ],
    },
  });
});

test("and where it can land, if the build that all nodes have in common is asked for", () => {
  const common = { ...full, metadata: { ...full.metadata, annotations: { "metahub.dev/strategy": "common" } } };
  expect(trimPod(parsePod(common)).spec).toMatchObject({
    nodeSelector: { pool: "a" },
    tolerations: [{ operator: "Exists" }],
  });
});

test.each([
  ["asks for a part of a GPU", { "gpu-fraction": "0.5" }],
  ["asks for some of a GPU's memory", { "gpu-memory": "2000", "gpu-fraction-container-name": "main" }],
  ["asks for none", {}],
])(
  "tells at binding as at admission which containers get a GPU: a Pod of KAI Scheduler that %s",
  (_what, annotations) => {
    const spec = { schedulerName: "kai-scheduler", containers: [{ name: "main", image: "qnib/bench" }] };
    const parsed = parsePod({ metadata: { name: "p", annotations }, spec });
    const [before, after] = [parsed, trimPod(parsed)].map(fractionContainer);
    expect(before).toBe(Object.keys(annotations).length === 0 ? undefined : "main");
    expect(after).toBe(before);
  },
);

test("says that there are annotations, though none is kept", () => {
  const other = { ...full, metadata: { name: "p", annotations: { other: "1" } } };
  expect(trimPod(parsePod(other)).metadata.annotations).toEqual({});
  expect(trimPod(parsePod({ ...full, metadata: { name: "p" } })).metadata).toEqual({ name: "p" });
});

test("keeps of annotations and labels only those that are read", () => {
  const { metadata } = trimPod(
    parsePod({ metadata: { annotations: { "metahub.dev/x": "1" }, labels: { "metahub.dev/x": "1" } } }),
  );
  expect(metadata).toEqual({ annotations: {}, labels: {} });
});

/** What is kept of these, each listed once, in this order. */
async function keptOf(objects: readonly object[], maxBytes?: number) {
  const ended = new AbortController();
  const pods = new UnscheduledPods({
    ...(maxBytes === undefined ? {} : { maxBytes }),
    client: {
      each(_target, _options, onItem) {
        for (const object of objects) onItem(object);
        return Promise.resolve("1");
      },
      // biome-ignore lint/correctness/useYield: nothing comes after the list
      async *watch() {
        ended.abort();
      },
    },
  });
  await pods.run(ended.signal);
  return pods;
}
const sized = (name: string, annotation: number): object => ({
  ...full,
  metadata: { name, namespace: "default", annotations: { "metahub.dev/selection": "x".repeat(annotation) } },
});

test("a Pod of which more than 64 KiB is read is not kept: it is read when it is bound", async () => {
  const pods = await keptOf([sized("small", 32_768), sized("large", 65_536), sized("other", 10)]);
  expect([...pods.store.keys()]).toEqual(["default/small", "default/other"]);
});

test("all together take no more than the bound in bytes, whatever strangers write", async () => {
  const pods = await keptOf(
    Array.from({ length: 1_000 }, (_, row) => sized(`p${row}`, 30_000)),
    1_048_576,
  );
  expect(pods.store.size).toBe(33);
  expect(pods.bytes).toBeGreaterThan(1_000_000);
  expect(pods.bytes).toBeLessThanOrEqual(1_048_576);
});

test("asks for Pods without a node only, and takes others in when room was made", async () => {
  const asked: (string | undefined)[] = [];
  const ended = new AbortController();
  const named = (name: string): KubernetesObject => ({ ...full, metadata: { ...full.metadata, name } });
  const pods = new UnscheduledPods({
    // Two of them.
    maxBytes: 2 * keptBytes(trimPod(parsePod(full))) + 100,
    client: {
      each(_target, options, onItem) {
        asked.push(options.fieldSelector);
        for (const name of ["a", "b", "c"]) onItem(named(name));
        return Promise.resolve("1");
      },
      async *watch(_target, options) {
        asked.push(options.fieldSelector);
        yield { type: "modified" as const, object: named("b") };
        yield { type: "deleted" as const, object: named("a") };
        yield { type: "added" as const, object: named("d") };
        ended.abort();
      },
    },
  });
  await pods.run(ended.signal);
  expect([...pods.store.keys()]).toEqual(["default/b", "default/d"]);
  expect(pods.get("default", "d")?.metadata.name).toBe("d");
  const selector = "spec.nodeName=,status.phase!=Succeeded,status.phase!=Failed";
  expect(new Set(asked)).toEqual(new Set([selector]));
});
