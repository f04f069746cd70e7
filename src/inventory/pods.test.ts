import { expect, test } from "vitest";
import { parsePod } from "../api/parse-pod.ts";
import type { KubernetesObject } from "../kubernetes/object.ts";
import { trimPod, UnscheduledPods } from "./pods.ts";

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

test("says that there are annotations, though none is kept", () => {
  const other = { ...full, metadata: { name: "p", annotations: { other: "1" } } };
  expect(trimPod(parsePod(other)).metadata.annotations).toEqual({});
  expect(trimPod(parsePod({ ...full, metadata: { name: "p" } })).metadata).toEqual({ name: "p" });
});

test("asks for Pods without a node only, and keeps no more than its bound", async () => {
  const asked: (string | undefined)[] = [];
  const ended = new AbortController();
  const named = (name: string): KubernetesObject => ({ ...full, metadata: { ...full.metadata, name } });
  const pods = new UnscheduledPods({
    maxPods: 2,
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
