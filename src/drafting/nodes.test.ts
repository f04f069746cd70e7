import { loadAll } from "js-yaml";
import { describe, expect, test } from "vitest";
import type { MachineType } from "../api/machine-type.ts";
import type { NodeFacts } from "../api/node.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { plainContext } from "../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../inventory/snapshot.ts";
import { formatDrafts } from "./machine-type.ts";
import { draftMachineTypes } from "./nodes.ts";

const type = "node.kubernetes.io/instance-type";

function node(name: string, labels: Readonly<Record<string, string>>, rest: Partial<NodeFacts> = {}): NodeFacts {
  return {
    name,
    uid: name,
    labels: { "kubernetes.io/hostname": name, ...labels },
    taints: [],
    allocatable: {},
    operatingSystem: "linux",
    architecture: "amd64",
    kernelVersion: "6.1.0",
    osImage: "",
    ...rest,
  };
}

const a100 = {
  "nvidia.com/gpu.compute.major": "8",
  "nvidia.com/gpu.compute.minor": "0",
  "nvidia.com/gpu.product": "NVIDIA-A100",
  "nvidia.com/gpu.count": "1",
};
const nodes = [
  node("a1", { [type]: "a", "metahub.dev/feature.cpu": "skylake" }),
  node("a2", { [type]: "a", "metahub.dev/feature.cpu": "skylake" }),
  node("b1", { [type]: "b", "metahub.dev/feature.cpu": "zen3", ...a100 }, { allocatable: { "nvidia.com/gpu": "1" } }),
  node("c1", { [type]: "c" }),
];

function machineType(name: string, spec: MachineType["spec"]): MachineType {
  return { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata: { name }, spec };
}

function snapshotOf(facts: readonly NodeFacts[], types: readonly MachineType[] = []): Snapshot {
  return new SnapshotBuilder().build(facts, types, plainContext);
}

/** As `kubectl apply` would read what is printed. */
function printed(snapshot: Snapshot): readonly MachineType[] {
  return loadAll(formatDrafts(draftMachineTypes(snapshot))).map((each) => parseMachineType(each));
}

function profiles(snapshot: Snapshot): Record<string, string> {
  return Object.fromEntries([...snapshot.nodes].map(([name, { profile }]) => [name, profile.id]));
}

test("a platform that no machine type may declare is told above it", () => {
  const [{ spec } = { spec: undefined }] = printed(snapshotOf([node("k1", { [type]: "k" }, { architecture: "kvx" })]));
  expect(spec?.platform).toBeUndefined();
  expect(formatDrafts(draftMachineTypes(snapshotOf([node("k1", { [type]: "k" }, { architecture: "kvx" })])))).toMatch(
    /^# No platform is declared: a MachineType has no name for linux\/kvx\.$/m,
  );
});

describe("what the labels mention but is not offered", () => {
  const ids = ["75ff", "75fe", "75fd"].map((id) =>
    node(`amd-${id}`, { [type]: "amd", "amd.com/gpu.device-id": id }, { allocatable: { "amd.com/gpu": "8" } }),
  );
  const several = node("mixed", { [type]: "mixed", ...a100 }, { allocatable: { "nvidia.com/gpu": "3" } });

  test("stands above the machine type, with its nodes and its value", () => {
    const yaml = formatDrafts(draftMachineTypes(snapshotOf([...ids, several])));
    for (const id of ["75ff", "75fe", "75fd"]) {
      expect(yaml).toMatch(new RegExp(`^# amd-${id}: gfx is not offered: .*"${id}"`, "m"));
    }
    expect(yaml).toMatch(/^# mixed: nvcap is not offered: .*several GPU models/m);
  });

  test("of many nodes is bounded", () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      node(`n${index}`, { [type]: "amd", "amd.com/gpu.device-id": `f${index}` }),
    );
    const lines = formatDrafts(draftMachineTypes(snapshotOf(many))).split("\n");
    expect(lines.filter((line) => line.includes("gfx is not offered"))).toHaveLength(16);
    expect(lines).toContain("# And 24 more reasons: metahub explain shows them.");
  });
});

describe("one machine type for each profile", () => {
  test("has a name, a selector and features of its own", () => {
    expect(
      printed(snapshotOf(nodes)).map(({ metadata, spec }) => [metadata.name, spec.nodeSelector, spec.features]),
    ).toEqual([
      ["linux-amd64", { matchLabels: { [type]: "c" } }, undefined],
      ["skylake", { matchLabels: { [type]: "a" } }, ["cpu:skylake"]],
      ["zen3-nvcap-8.0", { matchLabels: { [type]: "b" } }, ["cpu:zen3"]],
    ]);
  });

  test("changes no profile when it is applied: what labels say of GPUs stays with containers that get one", () => {
    const before = snapshotOf(nodes);
    const after = snapshotOf(nodes, printed(before));
    expect(profiles(after)).toEqual(profiles(before));
    for (const entry of after.machineTypes.values()) {
      expect(new Set(entry.nodes.map(({ profile }) => profile.id)).size).toBe(1);
      expect(entry.overlaps).toEqual([]);
    }
    expect([...after.nodes.values()].every(({ machineType: owner }) => owner !== undefined)).toBe(true);
  });

  test("is the same whatever order the nodes come in", () => {
    const text = formatDrafts(draftMachineTypes(snapshotOf(nodes)));
    expect(formatDrafts(draftMachineTypes(snapshotOf(nodes.toReversed())))).toBe(text);
  });

  test("tells two of one name apart by their profile, and says where only the kernel differs", () => {
    const newer = node("a3", { [type]: "a", "metahub.dev/feature.cpu": "skylake" }, { kernelVersion: "6.8.0" });
    const drafts = draftMachineTypes(snapshotOf([...nodes, newer]));
    const twins = drafts.filter(({ machineType: { metadata } }) => metadata.name.startsWith("skylake-"));
    expect(twins.map(({ machineType: { metadata } }) => metadata.name)).toEqual([
      expect.stringMatching(/^skylake-[0-9a-f]{12}$/),
      expect.stringMatching(/^skylake-[0-9a-f]{12}$/),
    ]);
    expect(twins[0]?.comments.join("\n")).toContain("in the kernel only");
    expect(twins[0]?.selectorComments.join(" ")).toContain("better label the pool");
  });

  test("has no name that another machine type has", () => {
    const taken = machineType("skylake", { nodeSelector: { matchLabels: { nobody: "x" } } });
    const names = draftMachineTypes(snapshotOf(nodes, [taken])).map((each) => each.machineType.metadata.name);
    expect(names.filter((name) => name === "skylake")).toEqual([]);
  });
});

describe("nodes that a machine type has already", () => {
  test("keep it where it fits their profile and no other", () => {
    const own = machineType("mine", {
      nodeSelector: { matchLabels: { [type]: "b" } },
      priority: 3,
      features: ["cpu:zen3", "nvcap:8.0"],
    });
    const found = printed(snapshotOf(nodes, [own])).find(({ metadata }) => metadata.name === "mine");
    expect(found?.spec).toMatchObject({ ...own.spec, platform: { os: "linux", architecture: "amd64" } });
  });

  test("are told of where it has others too", () => {
    const wide = machineType("wide", { nodeSelector: { matchExpressions: [{ key: type, operator: "Exists" }] } });
    const drafts = draftMachineTypes(snapshotOf(nodes, [wide]));
    expect(drafts.map(({ machineType: { metadata } }) => metadata.name)).not.toContain("wide");
    expect(drafts[0]?.comments.join("\n")).toContain("wide has nodes of these");
  });
});
