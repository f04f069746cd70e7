import { describe, expect, test } from "vitest";
import type { Container } from "../api/pod.ts";
import { extendedRequests, isExtendedResource } from "./requests.ts";

const gpu = "nvidia.com/gpu";

function asks(amount: string, restartPolicy?: string): Container {
  return {
    name: "c",
    resources: { requests: { [gpu]: amount, cpu: "1" } },
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}

describe("extendedRequests", () => {
  const cases: { rule: string; containers: Container[]; initContainers?: Container[]; total: string | undefined }[] = [
    { rule: "no container", containers: [], total: undefined },
    {
      rule: "native resources do not count",
      containers: [{ name: "c", resources: { requests: { cpu: "1" } } }],
      total: undefined,
    },
    { rule: "containers add up", containers: [asks("1"), asks("2")], total: "3" },
    { rule: "zero is no request", containers: [asks("0")], total: undefined },
    {
      rule: "an init container runs before: the larger counts",
      containers: [asks("1")],
      initContainers: [asks("3"), asks("2")],
      total: "3",
    },
    {
      rule: "an init container that asks less adds nothing",
      containers: [asks("4")],
      initContainers: [asks("3")],
      total: "4",
    },
    {
      rule: "a sidecar stays: it adds to the containers",
      containers: [asks("1")],
      initContainers: [asks("2", "Always")],
      total: "3",
    },
    {
      rule: "an init container after a sidecar runs beside it",
      containers: [asks("1")],
      initContainers: [asks("2", "Always"), asks("3")],
      total: "5",
    },
    {
      rule: "an init container before a sidecar does not",
      containers: [asks("1")],
      initContainers: [asks("3"), asks("2", "Always")],
      total: "3",
    },
    {
      rule: "sidecars after one another",
      containers: [],
      initContainers: [asks("1", "Always"), asks("2", "Always"), asks("4")],
      total: "7",
    },
    {
      rule: "a limit without a request is the request",
      containers: [{ name: "c", resources: { limits: { [gpu]: "2" } } }],
      total: "2",
    },
    {
      rule: "a request goes before the limit",
      containers: [{ name: "c", resources: { requests: { [gpu]: "1" }, limits: { [gpu]: "2" } } }],
      total: "1",
    },
    { rule: "suffixes are read", containers: [asks("1k")], total: "1000" },
    { rule: "what cannot be read counts as nothing", containers: [asks("lots"), asks("1")], total: "1" },
  ];
  test.each(cases)("$rule", ({ containers, initContainers, total }) => {
    const pod = { metadata: {}, spec: { containers, ...(initContainers === undefined ? {} : { initContainers }) } };
    expect(extendedRequests(pod).get(gpu)?.toString()).toBe(total);
  });

  test("reads the number that YAML in a file holds", () => {
    const pod = JSON.parse(`{"metadata":{},"spec":{"containers":[{"name":"c","resources":{"limits":{"${gpu}":2}}}]}}`);
    expect(extendedRequests(pod).get(gpu)).toBe(2n);
  });

  test("keeps pod-level resources out: they cannot hold extended ones", () => {
    const pod = JSON.parse(`{"metadata":{},"spec":{"containers":[],"resources":{"requests":{"${gpu}":"2"}}}}`);
    expect(extendedRequests(pod).size).toBe(0);
  });
});

describe("isExtendedResource", () => {
  test.each([
    ["nvidia.com/gpu", true],
    ["nvidia.com/mig-1g.5gb", true],
    ["cpu", false],
    ["hugepages-2Mi", false],
    ["kubernetes.io/batch", false],
    ["deviceclass.resource.kubernetes.io/gpu", false],
    ["requests.nvidia.com/gpu", false],
  ])("%s: %s", (name, extended) => {
    expect(isExtendedResource(name)).toBe(extended);
  });
});
