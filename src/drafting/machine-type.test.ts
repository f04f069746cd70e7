import { load, loadAll } from "js-yaml";
import { describe, expect, test } from "vitest";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { parseFeatureList } from "../hardware/parse.ts";
import {
  declarable,
  declarablePlatform,
  draft,
  formatDrafts,
  machineTypeName,
  undeclaredPlatform,
} from "./machine-type.ts";

describe("the name of a machine type", () => {
  test.each([
    ["type1", "type1"],
    ["NODE_1.Example.COM", "node-1.example.com"],
    ["linux/amd64/v3", "linux-amd64-v3"],
    ["gfx90a:sramecc+:xnack-", "gfx90a-sramecc-xnack"],
    ["a..b.-c-.d", "a.b.c.d"],
    ["-x-", "x"],
    ["日本", "machine"],
    ["", "machine"],
    ["x".repeat(80), "x".repeat(63)],
  ])("%s is %s", (text, name) => {
    expect(machineTypeName(text)).toBe(name);
    const type = { apiVersion: "metahub.dev/v1alpha1", kind: "MachineType", metadata: { name } };
    const spec = { nodeSelector: { matchLabels: { a: "b" } } };
    expect(parseMachineType({ ...type, spec }).metadata.name).toBe(name);
  });
});

describe("what is declared", () => {
  test("is not what every node reports", () => {
    const { declared, notes } = declarable(parseFeatureList("cpu:skylake,kernel:6.1,os.version:10.0.20348,nvcap:9.0"));
    expect(declared).toEqual(["cpu:skylake", "nvcap:9.0"]);
    expect(notes).toEqual(["Not declared, since every node reports its own: kernel:6.1, os.version:10.0.20348."]);
  });

  test("is as much as a MachineType holds", () => {
    const flags = Array.from({ length: 70 }, (_, index) => ({ namespace: "cpuflag", value: `f${index}` }));
    const { declared, notes } = declarable(flags);
    expect(declared).toHaveLength(64);
    expect(notes).toEqual(["6 more features do not fit into a MachineType."]);
  });

  test("has a platform where the API knows it", () => {
    expect(declarablePlatform({ os: "linux", architecture: "arm", variant: "v7" })).toEqual({
      os: "linux",
      architecture: "arm",
      variant: "v7",
    });
    expect(declarablePlatform({ os: "linux", architecture: "unknown" })).toBeUndefined();
    expect(undeclaredPlatform({ os: "linux", architecture: "arm", variant: "v7" })).toEqual([]);
  });

  test("has none, and says so, where the API has no name for it", () => {
    expect(undeclaredPlatform({ os: "linux", architecture: "kvx" })).toEqual([
      "No platform is declared: a MachineType has no name for linux/kvx.",
    ]);
  });
});

describe("a MachineType as YAML", () => {
  const spec = { nodeSelector: { matchLabels: { a: "no" } }, features: ["cpu:skylake", "gfx:gfx90a:xnack-"] };

  test("reads like one that a person wrote", () => {
    const platform = { os: "linux", architecture: "amd64" } as const;
    expect(formatDrafts([draft("x", { ...spec, platform }, ["above"], ["choose"])])).toBe(`# above
apiVersion: metahub.dev/v1alpha1
kind: MachineType
metadata:
  name: x
spec:
  # choose
  nodeSelector:
    matchLabels:
      a: "no"
  features:
    - cpu:skylake
    - gfx:gfx90a:xnack-
  platform: { os: linux, architecture: amd64 }
`);
  });

  test("is read again as what it was", () => {
    const text = formatDrafts([draft("x", spec, [], []), draft("y", spec, ["second"], [])]);
    expect(loadAll(text).map((each) => parseMachineType(each))).toMatchObject([
      { metadata: { name: "x" }, spec },
      { metadata: { name: "y" }, spec },
    ]);
  });

  test("says nothing else, whatever stands in a comment", () => {
    const evil = "a\nkind: Secret\u2028kind: Secret\r\nkind: Secret";
    const text = formatDrafts([draft("x", spec, [evil], [evil])]);
    expect(load(text)).toMatchObject({ kind: "MachineType" });
  });
});
