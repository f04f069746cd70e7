import { describe, expect, test } from "vitest";
import { ManifestError } from "../manifests/error.ts";
import { workloadOf } from "./workloads.ts";

const pod = { spec: { containers: [{ name: "c", image: "qnib/bench" }] } };

describe("where the Pods of an object are", () => {
  const cases: [apiVersion: string, kind: string, rest: object, path: readonly string[] | undefined][] = [
    ["v1", "Pod", pod, []],
    ["v1", "PodTemplate", { template: pod }, ["template"]],
    ["v1", "ReplicationController", { spec: { template: pod } }, ["spec", "template"]],
    ["apps/v1", "Deployment", { spec: { template: pod } }, ["spec", "template"]],
    ["apps/v1beta2", "StatefulSet", { spec: { template: pod } }, ["spec", "template"]],
    ["apps/v1", "DaemonSet", { spec: { template: pod } }, ["spec", "template"]],
    ["apps/v1", "ReplicaSet", { spec: { template: pod } }, ["spec", "template"]],
    ["batch/v1", "Job", { spec: { template: pod } }, ["spec", "template"]],
    [
      "batch/v1",
      "CronJob",
      { spec: { jobTemplate: { spec: { template: pod } } } },
      ["spec", "jobTemplate", "spec", "template"],
    ],
    ["v1", "ConfigMap", {}, undefined],
    ["example.com/v1", "Pod", pod, undefined],
    ["example.com/v1", "Deployment", { spec: { template: pod } }, undefined],
    ["apps/v1", "Deployment", { spec: {} }, undefined],
    ["apps/v1", "Deployment", {}, undefined],
    ["apps/v1", "Deployment", { spec: { template: [] } }, undefined],
  ];
  test.each(cases)("%s %s", (apiVersion, kind, rest, path) => {
    const object = { apiVersion, kind, metadata: { name: "x", namespace: "team" }, ...rest };
    const found = workloadOf(object, ["items", 0], "x.yaml");
    expect(found?.path).toEqual(path === undefined ? undefined : ["items", 0, ...path]);
    if (found === undefined) return;
    expect(found).toMatchObject({ shown: `${kind}/x`, namespace: "team", template: kind !== "Pod" });
    expect(found.pod.spec.containers?.[0]?.image).toBe("qnib/bench");
  });

  test("is in the default namespace where none is said, and may have no name yet", () => {
    const object = { apiVersion: "v1", kind: "Pod", metadata: { generateName: "x-" }, ...pod };
    expect(workloadOf(object, [], "x")).toMatchObject({ namespace: "default", shown: "Pod/x-" });
  });

  test("goes where its controller lets it: DaemonSets tolerate what nodes suffer from", () => {
    const object = { apiVersion: "apps/v1", kind: "DaemonSet", spec: { template: pod } };
    const keys = workloadOf(object, [], "x")?.pod.spec.tolerations?.map(({ key }) => key);
    expect(keys).toContain("node.kubernetes.io/unschedulable");
  });

  test("is refused with its place where a field has a wrong type", () => {
    const object = { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: { containers: [{ image: 5 }] } };
    expect(() => workloadOf(object, [], "a.yaml, document 2")).toThrow(ManifestError);
    expect(() => workloadOf(object, [], "a.yaml, document 2")).toThrow(
      /^a\.yaml, document 2: Pod\/x: spec\.containers\[0\]\.image: /,
    );
  });
});
