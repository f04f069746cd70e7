import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Feature } from "../hardware/feature.ts";
import type { Profile } from "../hardware/profile.ts";
import type { Condition, MachineType } from "./machine-type.ts";
import { computeStatus, type StatusInput, statusEquals, type TypedNode } from "./status.ts";

function features(...texts: readonly string[]): readonly Feature[] {
  return texts.map((text) => {
    const [namespace = "", value = ""] = text.split(":");
    return { namespace, value };
  });
}

function profile(
  id: string,
  offered: readonly string[],
  accelerators: readonly string[] = [],
  architecture = "amd64",
): Profile {
  return {
    id,
    platform: { os: "linux", architecture },
    features: features(...offered),
    accelerators: features(...accelerators),
    notes: [],
  };
}

const gpu = profile("1", ["cpu:broadwell"], ["nvcap:5.2"]);
const plain = profile("2", ["cpu:broadwell", "fabric:ib"]);
const arm = profile("3", ["cpu:broadwell"], ["nvcap:5.2"], "arm64");
const machineType: MachineType = {
  apiVersion: "metahub.dev/v1alpha1",
  kind: "MachineType",
  metadata: { name: "type4", generation: 3 },
  spec: { nodeSelector: { matchLabels: { pool: "gpu" } } },
};
const now = new Date("2026-01-02T03:04:05.678Z");

function compute(nodes: readonly TypedNode[], more: Partial<StatusInput> = {}) {
  return computeStatus({ machineType, nodes, overlaps: [], now, ...more });
}

function conditionOf(type: Condition["type"], nodes: readonly TypedNode[], more: Partial<StatusInput> = {}) {
  const { status, reason, message } =
    compute(nodes, more).conditions?.find((condition) => condition.type === type) ?? {};
  return { status, reason, message };
}

test("machines outside the cluster are ready as declared, and nothing else is judged of them", () => {
  const external: MachineType = {
    ...machineType,
    spec: { external: true, platform: { os: "linux", architecture: "amd64" }, features: ["cpu:broadwell"] },
  };
  const { nodes, platform, features, conditions } = compute([], { machineType: external, template: gpu });
  expect({ nodes, platform, features }).toEqual({
    nodes: 0,
    platform: "linux/amd64",
    features: ["cpu:broadwell", "nvcap:5.2"],
  });
  expect(conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ["Ready", "True", "External"],
  ]);
});

describe("computeStatus", () => {
  test("counts nodes and names what all of them offer", () => {
    const status = compute([
      { name: "b", profile: plain },
      { name: "c", profile: gpu },
      { name: "a", profile: gpu },
    ]);
    expect(status).toMatchObject({
      observedGeneration: 3,
      nodes: 3,
      platform: "linux/amd64",
      features: ["cpu:broadwell"],
      profiles: [
        { features: ["cpu:broadwell", "nvcap:5.2"], nodes: 2, example: "a" },
        { features: ["cpu:broadwell", "fabric:ib"], nodes: 1, example: "b" },
      ],
    });
    expect(status.conditions?.map(({ type }) => type)).toEqual(["Ready", "Homogeneous", "Exclusive"]);
    expect(status.conditions?.[0]).toMatchObject({ observedGeneration: 3, lastTransitionTime: "2026-01-02T03:04:05Z" });
  });

  test("has no platform where nodes differ in it", () => {
    expect(
      compute([
        { name: "a", profile: gpu },
        { name: "b", profile: arm },
      ]),
    ).not.toHaveProperty("platform");
  });

  test("shows the template while there is no node", () => {
    expect(compute([], { template: gpu })).toMatchObject({
      nodes: 0,
      platform: "linux/amd64",
      features: ["cpu:broadwell", "nvcap:5.2"],
      profiles: [],
    });
  });

  test("is bounded", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      name: `n${index}`,
      profile: profile(`p${index}`, Array.from({ length: 200 }, (_, flag) => `cpuflag:f${flag}`).concat(`a:${index}`)),
    }));
    const status = compute(many, { overlaps: many.map(({ name }) => name) });
    expect(status.profiles).toHaveLength(16);
    expect(status.features).toHaveLength(128);
    expect(JSON.stringify(status.conditions).length).toBeLessThan(2000);
  });
});

describe("conditions", () => {
  test("PlatformMatches where a platform is declared: what the kubelets say against it", () => {
    const declared: MachineType = {
      ...machineType,
      spec: { ...machineType.spec, platform: { os: "linux", architecture: "amd64" } },
    };
    const verdict = (nodes: readonly TypedNode[]) => conditionOf("PlatformMatches", nodes, { machineType: declared });
    expect(verdict([])).toEqual({});
    expect(verdict([{ name: "a", profile: plain }])).toMatchObject({ status: "True" });
    const contrary = [
      { name: "z2", profile: arm, contradiction: "linux/s390x" },
      { name: "z1", profile: arm, contradiction: "linux/arm64" },
      { name: "a", profile: plain },
    ];
    expect(verdict(contrary)).toEqual({
      status: "False",
      reason: "PlatformContradicted",
      message:
        "spec.platform declares linux/amd64, but the kubelet of z1 reports linux/arm64 (and 1 more node): the kubelet is believed; correct spec.platform or spec.nodeSelector",
    });
  });

  test("Ready", () => {
    expect(conditionOf("Ready", [{ name: "a", profile: gpu }])).toMatchObject({ status: "True", reason: "NodesFound" });
    expect(conditionOf("Ready", [])).toMatchObject({ status: "False", reason: "NoNodes" });
    const scaled = { ...machineType, spec: { ...machineType.spec, nodeTemplate: {} } };
    expect(conditionOf("Ready", [], { machineType: scaled })).toMatchObject({ status: "True", reason: "ScaledToZero" });
  });

  test("Homogeneous names a node that differs, and how", () => {
    const mixed = [gpu, gpu, plain, plain].map((of, index) => ({ name: `n${index}`, profile: of }));
    expect(conditionOf("Homogeneous", [...mixed, { name: "n5", profile: gpu }])).toEqual({
      status: "False",
      reason: "ProfilesDiffer",
      message: "n2 differs from n0: it lacks nvcap:5.2; it also offers fabric:ib; 1 more node differs too",
    });
    expect(
      conditionOf("Homogeneous", [
        { name: "a", profile: gpu },
        { name: "b", profile: arm },
      ]).message,
    ).toBe("b differs from a: it is linux/arm64, not linux/amd64");
    expect(conditionOf("Homogeneous", mixed.slice(0, 2))).toMatchObject({ status: "True", reason: "SameProfile" });
    expect(conditionOf("Homogeneous", [])).toMatchObject({ status: "Unknown", reason: "NoNodes" });
  });

  test("Exclusive names the types that overlap", () => {
    expect(conditionOf("Exclusive", [])).toMatchObject({ status: "True" });
    expect(conditionOf("Exclusive", [], { overlaps: ["b", "a", "a"] })).toMatchObject({
      status: "False",
      reason: "Overlaps",
      message: expect.stringContaining("a, b select a node"),
    });
  });

  test("keep their transition time while their status stays", () => {
    const nodes = [{ name: "a", profile: gpu }];
    const status = compute(nodes);
    const later = { machineType: { ...machineType, status }, now: new Date("2027-01-01T00:00:00Z") };
    expect(statusEquals(compute(nodes, later), status)).toBe(true);
    const changed = compute([...nodes, { name: "b", profile: plain }], later);
    expect(changed.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
      "2026-01-02T03:04:05Z",
      "2027-01-01T00:00:00Z",
      "2026-01-02T03:04:05Z",
    ]);
    expect(statusEquals(changed, status)).toBe(false);
  });
});

describe("laws", () => {
  test("the order of nodes and overlaps does not matter", () => {
    const nodes = fc.uniqueArray(
      fc.record({ name: fc.string({ minLength: 1 }), profile: fc.constantFrom(gpu, plain, arm) }),
      {
        selector: ({ name }) => name,
      },
    );
    fc.assert(
      fc.property(nodes, fc.array(fc.string()), (given, overlaps) => {
        const turned = compute([...given].reverse(), { overlaps: [...overlaps].reverse() });
        expect(statusEquals(compute(given, { overlaps }), turned)).toBe(true);
      }),
    );
  });
});

describe("statusEquals", () => {
  test.each([
    [undefined, undefined, true],
    [undefined, {}, false],
    [{ nodes: 1 }, { nodes: 1 }, true],
    [{ nodes: 1 }, { nodes: 2 }, false],
    [{ features: ["a"] }, { features: ["a", "b"] }, false],
    [{ nodes: 1, platform: "x" }, { platform: "x", nodes: 1 }, true],
  ])("%j and %j: %s", (left, right, expected) => {
    expect(statusEquals(left, right)).toBe(expected);
  });
});
