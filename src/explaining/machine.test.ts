import { describe, expect, test } from "vitest";
import { snapshotOf } from "../inventory/manifests.ts";
import { parseManifests } from "../manifests/parse.ts";
import { machinesOf } from "./machine.ts";

const snapshot = (yaml: string) => snapshotOf(parseManifests(yaml, "test"));

const node = (name: string, pool: string, cpu: string) => `
---
apiVersion: v1
kind: Node
metadata: {name: ${name}, labels: {pool: ${pool}, kubernetes.io/arch: amd64, metahub.dev/feature.cpu: ${cpu}}}`;
const type = (name: string, rest = "") => `
---
apiVersion: metahub.dev/v1alpha1
kind: MachineType
metadata: {name: ${name}}
spec: {nodeSelector: {matchLabels: {pool: ${name}}}${rest}}`;

test("a machine type of machines outside the cluster is there with what it declares", () => {
  const login = `
apiVersion: metahub.dev/v1alpha1
kind: MachineType
metadata: {name: login}
spec: {external: true, platform: {os: linux, architecture: arm64}, features: ["cpu:neoverse_v2"]}`;
  const [machine, ...others] = machinesOf(snapshot(login), { nodes: [], machineTypes: [] }, "test");
  expect([others.length, machine?.name]).toEqual([0, "login"]);
  expect(machine?.profiles.map(({ platform, features }) => [platform.architecture, features])).toEqual([
    ["arm64", [{ namespace: "cpu", value: "neoverse_v2" }]],
  ]);
});

const all = snapshot(
  node("a", "one", "skylake") +
    node("b", "one", "skylake") +
    node("c", "one", "zen3") +
    node("d", "none", "zen3") +
    type("one") +
    type("empty", ', features: ["cpu:zen4"]'),
);
const ask = (nodes: string[] = [], machineTypes: string[] = []) => machinesOf(all, { nodes, machineTypes }, "test");
const show = (nodes?: string[], machineTypes?: string[]) =>
  ask(nodes, machineTypes).map(({ kind, name, profiles }) => `${kind} ${name} ${profiles.length}`);

describe("the machines that are asked about", () => {
  test("are every machine type and every node, a machine type with each distinct profile of its nodes", () => {
    expect(show()).toEqual([
      "MachineType empty 1",
      "MachineType one 2",
      "Node a 1",
      "Node b 1",
      "Node c 1",
      "Node d 1",
    ]);
  });

  test("are those named, each once", () => {
    expect(show(["c", "c"])).toEqual(["Node c 1"]);
    expect(show(["d"], ["one"])).toEqual(["MachineType one 2", "Node d 1"]);
  });

  test("of a machine type without nodes is what its new nodes would offer", () => {
    const [machine] = ask([], ["empty"]);
    expect(machine?.profiles[0]?.features).toEqual([{ namespace: "cpu", value: "zen4" }]);
    expect(machine?.profiles[0]?.platform).toEqual({ os: "linux", architecture: "amd64" });
  });

  test("are there, or it is said what is", () => {
    expect(() => ask(["e"])).toThrow('no node "e" in test: there is a, b, c, d');
    expect(() => ask([], ["a"])).toThrow('no machine type "a" in test: there is empty, one');
    expect(() => machinesOf(snapshot(""), { nodes: [], machineTypes: [] }, "x.yaml")).toThrow(/^x.yaml: no Node/);
  });
});
