import { describe, expect, test } from "vitest";
import { entry, readEntries } from "../../test/support/oci/indexes.ts";
import { formatFeature } from "../hardware/feature.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

interface Case {
  readonly what: string;
  readonly platform?: Record<string, unknown>;
  readonly annotations?: Record<string, string>;
  readonly requires: readonly string[];
  readonly runtimeMatched?: boolean;
  readonly shown?: string;
}

const cases: readonly Case[] = [
  { what: "nothing", requires: [], runtimeMatched: true },
  { what: "the annotation", annotations: { "dev.metahub.features": "cpu:skylake" }, requires: ["cpu:skylake"] },
  {
    what: "one namespace is alternatives, several are all required",
    annotations: { "dev.metahub.features": " CPU:Skylake , nvcap:8.0,nvcap-8.6,, fabric=efa " },
    requires: ["cpu:skylake", "nvcap:8.0|nvcap:8.6", "fabric:efa"],
  },
  {
    what: "machine code and PTX are one group",
    annotations: { "dev.metahub.features": "nvcap:8.6+PTX" },
    requires: ["nvcap:8.6|nvptx:8.6"],
  },
  {
    what: "each flag is required",
    annotations: { "dev.metahub.features": "avx2,fma" },
    requires: ["cpuflag:avx2", "cpuflag:fma"],
  },
  {
    what: "platform.features",
    platform: { ...amd64, features: ["cpu-broadwell", "nvcap-5.2"] },
    requires: ["cpu:broadwell", "nvcap:5.2"],
  },
  {
    what: "Docker's own example",
    platform: { ...amd64, features: ["sse4"] },
    requires: ["cpuflag:sse4_1", "cpuflag:sse4_2"],
  },
  { what: "os.features", platform: { ...amd64, "os.features": ["fabric:efa"] }, requires: ["fabric:efa"] },
  {
    what: "carriers add up",
    platform: { ...amd64, variant: "v3", features: ["cpu:broadwell"] },
    annotations: { "dev.metahub.features": "cpu:skylake" },
    requires: ["cpu:skylake", "cpu:broadwell", "cpu:x86_64_v3"],
  },
  {
    what: "what two carriers repeat is required once",
    platform: { ...amd64, features: ["cpu:skylake"] },
    annotations: { "dev.metahub.features": "cpu:skylake" },
    requires: ["cpu:skylake"],
  },
  { what: "amd64/v1", platform: { ...amd64, variant: "v1" }, requires: [], runtimeMatched: true, shown: "linux/amd64" },
  { what: "amd64/v3", platform: { ...amd64, variant: "v3" }, requires: ["cpu:x86_64_v3"] },
  { what: "arm64/v8", platform: { ...arm64, variant: "v8" }, requires: [], runtimeMatched: true, shown: "linux/arm64" },
  { what: "arm64/v8.2", platform: { ...arm64, variant: "v8.2" }, requires: ["cpu:armv8.2a"] },
  {
    what: "v9 in the annotation under arm64",
    platform: arm64,
    annotations: { "dev.metahub.features": "v9" },
    requires: ["cpu:armv9.0a"],
  },
  {
    what: "arm/v7, which every runtime matches",
    platform: { os: "linux", architecture: "arm", variant: "v7" },
    requires: ["cpu:armv7"],
    runtimeMatched: true,
  },
  {
    what: "os.version of Windows, which every runtime matches",
    platform: { os: "windows", architecture: "amd64", "os.version": "10.0.20348.1", "os.features": ["win32k"] },
    requires: ["os.version:10.0.20348.1"],
    runtimeMatched: true,
  },
  {
    what: "os.version elsewhere, which no runtime looks at",
    platform: { ...amd64, "os.version": "5.10" },
    requires: [],
    runtimeMatched: true,
  },
  {
    what: "no os in a hand-written list",
    platform: { architecture: "amd64" },
    requires: [],
    runtimeMatched: true,
    shown: "linux/amd64",
  },
  {
    what: "names of other tools",
    platform: { os: "linux", architecture: "x86_64" },
    requires: [],
    runtimeMatched: true,
    shown: "linux/amd64",
  },
  { what: "archspec's target", annotations: { "io.archspec.cpu.target": "zen3" }, requires: ["cpu:zen3"] },
  {
    what: "archspec's target that is the architecture",
    annotations: { "io.archspec.cpu.target": "amd64" },
    requires: [],
    runtimeMatched: true,
  },
  {
    what: "the HPC community's annotations",
    annotations: { "org.supercontainers.mpi": "openmpi", "org.supercontainers.gpu": "cuda" },
    requires: ["mpi:openmpi", "gpu:cuda"],
  },
  {
    what: "those of them that require nothing",
    annotations: {
      "org.supercontainers.mpi.implementation": "unknown",
      "org.supercontainers.hardware.gpu.available": "no",
      "org.supercontainers.os.vendor": "ubuntu",
      "org.supercontainers.os.version": "22.04",
    },
    requires: [],
    runtimeMatched: true,
  },
  {
    what: "one of them that nobody knows is still required",
    annotations: { "org.supercontainers.hardware.fpga": "u280" },
    requires: ["hardware.fpga:u280"],
  },
  {
    what: "other people's annotations",
    annotations: { "org.opencontainers.image.version": "1" },
    requires: [],
    runtimeMatched: true,
  },
  {
    what: "null where Go would leave it out",
    platform: { ...amd64, variant: null, features: null, "os.features": null } as Record<string, unknown>,
    requires: [],
    runtimeMatched: true,
  },
];

describe("what an entry requires", () => {
  test.each(cases)("$what", ({ platform, annotations, requires, runtimeMatched = false, shown }) => {
    const { variants, warnings } = readEntries(entry("a", { platform: platform ?? amd64, annotations }));
    const [variant] = variants;
    expect(variant?.requires.map((group) => group.map(formatFeature).join("|"))).toEqual(requires);
    expect(variant?.runtimeMatched).toBe(runtimeMatched);
    if (shown !== undefined) {
      expect(`${variant?.platform.os}/${variant?.platform.architecture}`).toBe(shown);
      expect(variant?.platform.variant).toBeUndefined();
    }
    expect(warnings).toEqual([]);
  });
});

describe("a requirement that cannot be read is one that no machine satisfies, and a warning", () => {
  test.each([
    ["cpu:", "cpu"],
    ["cpu:sky lake", "blanks"],
    ["cuda:twelve", "cuda:12.4"],
    [`cpu:${"x".repeat(5000)}`, "4096"],
    [Array.from({ length: 65 }, (_, index) => `feature:f${index}`).join(","), "at most 64"],
    ["cpu:\u0000", "\\u0000"],
  ])("%#", (features, words) => {
    const { variants, warnings } = readEntries(entry("a", { annotations: { "dev.metahub.features": features } }));
    expect(variants[0]?.requires.flat().map((feature) => feature.namespace)).toContain("(unreadable)");
    expect(variants[0]?.runtimeMatched).toBe(false);
    expect(warnings.join()).toContain(words);
    expect(warnings.join()).toMatch(/^manifests\[0\] is never chosen: /);
  });

  test("beside one that can be read, both are required", () => {
    const { variants } = readEntries(entry("a", { annotations: { "dev.metahub.features": "cpu:skylake,cuda:x" } }));
    expect(variants[0]?.requires).toHaveLength(2);
  });
});

describe("the publisher's priority", () => {
  test.each([
    ["7", 7, 0],
    ["-3", -3, 0],
    ["+0", 0, 0],
    [" 5 ", 5, 0],
    ["high", 0, 1],
    ["1.5", 0, 1],
    ["9999999", 0, 1],
    ["1e3", 0, 1],
    ["", 0, 1],
  ])("%j is %i", (text, priority, count) => {
    const { variants, warnings } = readEntries(entry("a", { annotations: { "dev.metahub.priority": text } }));
    expect(variants[0]?.priority).toBe(priority);
    expect(warnings).toHaveLength(count);
  });
});
