import { describe, expect, test } from "vitest";
import { addedRows, parentAdditions } from "./additions.ts";
import { canonicalFlags } from "./flags.ts";
import { archspecRows } from "./graph.generated.ts";
import { cpuAncestors, cpuDescendsFrom, cpuFlags, cpuGraph } from "./graph.ts";
import { baseCpu, knownCpu, knownLevel } from "./spelling.ts";

describe("the graph of CPU names", () => {
  test("says what each name is, for detection", () => {
    expect(cpuGraph().get("neoverse_n1")).toMatchObject({
      parents: ["cortex_a72", "armv8.2a"],
      vendor: "ARM",
      cpupart: "0xd0c",
      family: "aarch64",
      source: "archspec",
    });
    expect(cpuGraph().get("power9le")).toMatchObject({ vendor: "IBM", generation: 9 });
    expect(cpuGraph().get("coffeelake")).toMatchObject({ parents: ["skylake"], features: [], source: "metahub" });
  });

  test("knows nothing of a name nobody knows", () => {
    expect([...cpuAncestors("coffelake")]).toEqual(["coffelake"]);
    expect(cpuFlags("coffelake").size).toBe(0);
    expect(cpuDescendsFrom("coffelake", "coffelake")).toBe(true);
    expect(cpuDescendsFrom("coffelake", "x86_64")).toBe(false);
    expect(cpuDescendsFrom("__proto__", "constructor")).toBe(false);
  });

  test("what is added to archspec's names changes nothing among them", () => {
    const names = new Set(archspecRows.map(({ name }) => name));
    const direct = new Map(archspecRows.map(({ name, parents }) => [name, parents]));
    const reach = (name: string): ReadonlySet<string> => {
      const all = new Set([name]);
      for (const each of all) for (const parent of direct.get(each) ?? []) all.add(parent);
      return all;
    };
    for (const name of names) {
      expect(new Set([...cpuAncestors(name)].filter((each) => names.has(each)))).toEqual(reach(name));
    }
    for (const name of parentAdditions.keys()) expect(names.has(name)).toBe(true);
  });

  test("a leaf of our own is no ancestor of what archspec knows, levels apart", () => {
    const leaves = new Set(addedRows.filter(({ vendor }) => vendor !== "generic").map(({ name }) => name));
    for (const { name } of archspecRows) {
      for (const ancestor of cpuAncestors(name)) expect(leaves.has(ancestor), `${name} ${ancestor}`).toBe(false);
    }
  });
});

describe("spellings", () => {
  test("no two names or flags are spelled alike", () => {
    for (const name of cpuGraph().keys()) expect(knownCpu(name)).toBe(name);
    for (const { flags } of cpuGraph().values()) for (const flag of flags) expect(canonicalFlags(flag)).toEqual([flag]);
  });

  test("no flag is spelled like a CPU: a bare word means one thing", () => {
    for (const { flags } of cpuGraph().values()) for (const flag of flags) expect(knownCpu(flag)).toBeUndefined();
  });

  test.each([
    ["amd64", "v1", "x86_64"],
    ["amd64", "v4", "x86_64_v4"],
    ["amd64", "v5", undefined],
    ["arm64", "v8", "aarch64"],
    ["arm64", "v8.9", "armv8.9a"],
    ["arm64", "v9", "armv9.0a"],
    ["arm64", "v9.5", "armv9.5a"],
    ["arm64", "v10", undefined],
    ["arm", "v6", "armv6"],
    ["arm", "v8", "armv8l"],
    ["ppc64le", "power8", "power8le"],
    ["ppc64le", "power12", undefined],
    ["riscv64", "rva20u64", "rva20u64"],
    ["amd64", "rva20u64", undefined],
  ])("%s %s is %s", (architecture, level, expected) => {
    expect(knownLevel(architecture, level)).toBe(expected);
  });

  test("every architecture of the graph has a base", () => {
    for (const architecture of ["386", "amd64", "arm", "arm64", "ppc64", "ppc64le", "riscv64"]) {
      expect(cpuGraph().get(baseCpu(architecture) ?? "none")?.parents).toEqual([]);
    }
    expect(baseCpu("s390x")).toBeUndefined();
  });
});
