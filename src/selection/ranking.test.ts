import { describe, expect, test } from "vitest";
import { type Build, chosen, machine, nameOf, variants } from "../../test/support/variants.ts";
import { select } from "./select.ts";
import type { RankingRule } from "./selection.ts";

interface Case {
  readonly what: string;
  readonly machine: readonly string[];
  /** Strings are builds that require what they are called. The first is the one that must win. */
  readonly builds: readonly (Build | string)[];
  /** By which rule each of the others loses; null for one that does not fit. */
  readonly losers: readonly (RankingRule | null)[];
}

const generic: Build = { name: "generic" };

const cases: readonly Case[] = [
  {
    what: "2: the CPU that descends from the other",
    machine: ["cpu:icelake"],
    builds: ["cpu:skylake", "cpu:broadwell", "x86_64_v3"],
    losers: ["dominance", "dominance"],
  },
  {
    what: "2: a name implies its flags",
    machine: ["cpu:skylake"],
    builds: ["cpu:haswell", "avx2", generic],
    losers: ["dominance", "dominance"],
  },
  {
    what: "2: the newer toolkit",
    machine: ["nvcap:8.0", "cuda:12.6"],
    builds: ["cuda:12.4", "cuda:12.0", "cuda:13.0"],
    losers: ["dominance", null],
  },
  {
    what: "2: more of the same",
    machine: ["cpu:zen3", "fabric:efa"],
    builds: ["cpu:zen3,fabric:efa", "cpu:zen3", "fabric:efa"],
    losers: ["dominance", "dominance"],
  },
  {
    what: "2: before any priority",
    machine: ["cpu:zen3"],
    builds: ["cpu:zen3", { name: "cpu:zen", features: "cpu:zen", priority: 100 }],
    losers: ["dominance"],
  },
  {
    what: "2: a group counts as the best alternative that the machine has",
    machine: ["nvcap:8.9"],
    builds: ["nvcap:7.0,nvcap:8.6,nvcap:9.0", "nvcap:8.0"],
    losers: ["dominance"],
  },
  {
    what: "3: priority among those that are left",
    machine: ["cpu:zen3", "fabric:efa"],
    builds: [{ name: "cpu:zen3", features: "cpu:zen3", priority: 1 }, "fabric:efa"],
    losers: ["priority"],
  },
  {
    what: "3: priority below zero",
    machine: ["cpu:zen3", "fabric:efa"],
    builds: ["cpu:zen3", { name: "fabric:efa", features: "fabric:efa", priority: -1 }],
    losers: ["priority"],
  },
  {
    what: "3: accelerator before equality and CPU",
    machine: ["nvcap:8.0", "fabric:efa", "cpu:zen3"],
    builds: ["nvcap:8.0", "fabric:efa", "cpu:zen3"],
    losers: ["accelerator", "accelerator"],
  },
  {
    what: "3: equality before CPU",
    machine: ["fabric:efa", "cpu:zen3"],
    builds: ["fabric:efa", "cpu:zen3", "cpu:zen2"],
    losers: ["equality", "dominance"],
  },
  {
    what: "3: two of equality before one",
    machine: ["fabric:efa", "mpi:openmpi", "site:a", "cpu:zen3"],
    builds: ["fabric:efa,mpi:openmpi", "site:a"],
    losers: ["equality"],
  },
  {
    what: "3: CPU before versions",
    machine: ["cpu:zen3", "kernel:6.8"],
    builds: ["cpu:zen3", "kernel:6.8"],
    losers: ["isa"],
  },
  {
    what: "3: code for the very device before code for its major",
    machine: ["nvcap:9.0"],
    builds: ["nvcap:9.0a", "nvcap:9.0"],
    losers: ["dominance"],
  },
  {
    what: "3: machine code before PTX, however new",
    machine: ["nvcap:8.9"],
    builds: ["nvcap:8.0", "nvptx:8.9"],
    losers: ["accelerator"],
  },
  {
    what: "3: a family before the plain",
    machine: ["nvcap:10.3"],
    builds: ["nvcap:10.0f", "nvcap:10.3,fabric:efa"],
    losers: [null],
  },
  { what: "3: the later PTX", machine: ["nvcap:9.0"], builds: ["nvptx:8.0", "nvptx:7.0"], losers: ["dominance"] },
  {
    what: "3: gfx exact before generic",
    machine: ["gfx:gfx942"],
    builds: ["gfx:gfx942", "gfx:gfx9-4-generic"],
    losers: ["dominance"],
  },
  {
    what: "3: a device before a driver",
    machine: ["nvcap:8.0", "nvdriver:550"],
    builds: ["nvcap:8.0", "nvdriver:550"],
    losers: ["accelerator"],
  },
  {
    what: "3: the larger set of flags",
    machine: ["cpu:icelake"],
    builds: ["avx2,popcnt,cx16,lahf_lm,mmx,ssse3,sse4_1,sse4_2,cmov,cx8,fpu", "cpu:x86_64_v2"],
    losers: ["isa"],
  },
  {
    what: "3: the larger set of flags, by name",
    machine: ["cpu:icelake"],
    builds: ["cpu:cannonlake", "cpu:skylake_avx512"],
    losers: ["isa"],
  },
  {
    what: "3: more groups where all else is equal",
    machine: ["site:a", "cpu:zen3"],
    builds: ["cpu:zen3,avx2", "cpu:zen3"],
    losers: ["groups"],
  },
  {
    what: "3: fewer alternatives",
    machine: ["cpu:zen3"],
    builds: ["cpu:zen3", "cpu:zen3,cpu:icelake"],
    losers: ["alternatives"],
  },
  {
    what: "3: the plain format",
    machine: ["cpu:zen3"],
    builds: ["cpu:zen3", { name: "z", features: "cpu:zen3", format: "zstd" }, generic],
    losers: ["format", "dominance"],
  },
  {
    what: "3: the format of the declared snapshotter",
    machine: ["cpu:zen3", "snapshotter:nydus"],
    builds: [{ name: "n", features: "cpu:zen3", format: "nydus" }, "cpu:zen3", generic],
    losers: ["format", "dominance"],
  },
  {
    what: "3: eStargz by its other name",
    machine: ["cpu:zen3", "snapshotter:stargz"],
    builds: [{ name: "e", features: "cpu:zen3", format: "estargz" }, "cpu:zen3", generic],
    losers: ["format", "dominance"],
  },
  {
    what: "a format that needs its snapshotter is not for a machine without",
    machine: ["cpu:zen3"],
    builds: [generic, { name: "n", features: "cpu:zen3", format: "nydus" }],
    losers: [null],
  },
  {
    what: "3: position at the very end",
    machine: ["cpu:zen3"],
    builds: ["cpu:zen3", { name: "again", features: "cpu:zen3" }],
    losers: ["position"],
  },
  {
    what: "4: the generic build where nothing else fits",
    machine: ["cpu:zen"],
    builds: [generic, "cpu:zen3", "cpu:haswell"],
    losers: [null, null],
  },
  {
    what: "4: the generic build loses to everything, even with priority",
    machine: ["kernel:6.8"],
    builds: ["kernel:5.0", { ...generic, priority: 9 }],
    losers: ["dominance"],
  },
  {
    what: "a fallback comes last, whatever it requires",
    machine: ["linux/arm64", "fabric:efa"],
    builds: [
      { name: "own", platform: "linux/arm64" },
      { name: "32", features: "fabric:efa", platform: "linux/arm/v7", priority: 5 },
    ],
    losers: ["fallback-platform"],
  },
  {
    what: "a fallback is better than nothing",
    machine: ["linux/amd64"],
    builds: [
      { name: "32", platform: "linux/386" },
      { name: "own", features: "cpu:zen3" },
    ],
    losers: [null],
  },
  {
    what: "a variant of amd64 that the CPU has",
    machine: ["cpu:zen3"],
    builds: [
      { name: "v3", platform: "linux/amd64/v3" },
      { name: "v2", platform: "linux/amd64/v2" },
      generic,
      { name: "v4", platform: "linux/amd64/v4" },
    ],
    losers: ["dominance", "dominance", null],
  },
  {
    what: "another architecture does not fit",
    machine: ["linux/arm64", "cpu:neoverse_v1"],
    builds: ["cpu:neoverse_n1", "cpu:zen3"].map((name, index) => ({
      name,
      features: name,
      platform: index === 0 ? "linux/arm64" : "linux/amd64",
    })),
    losers: [null],
  },
];

describe("the best of those that fit", () => {
  test.each(cases)("$what", ({ machine: offers, builds, losers }) => {
    const [first, ...others] = builds;
    const [winner] = typeof first === "string" ? [first] : [first?.name];
    // The winner stands last, so that its place in the index does not help it, except where the place decides.
    const listed = losers.includes("position") ? builds : [...others, ...(first === undefined ? [] : [first])];
    const selection = select(variants(...listed), machine(...offers));
    expect(chosen(selection, listed)).toBe(winner);
    const rules = new Map(
      selection.considered.map((outcome) => [
        nameOf(outcome.variant, listed),
        outcome.outcome === "outranked" ? outcome.rule : null,
      ]),
    );
    expect(others.map((build) => rules.get(typeof build === "string" ? build : build.name))).toEqual(losers);
  });
});

test("each outcome says what was missing, or who was better", () => {
  const builds = [
    "cpu:skylake",
    "cpu:broadwell",
    "cpu:zen3,fabric:efa",
    { name: "arm", platform: "linux/arm64" },
    generic,
  ];
  const list = variants(...builds);
  const { considered } = select(list, machine("cpu:skylake", "fabric:efa"));
  expect(considered).toEqual([
    { variant: list[0], outcome: "selected" },
    { variant: list[1], outcome: "outranked", by: list[0], rule: "dominance" },
    {
      variant: list[2],
      outcome: "incompatible",
      missing: [[{ namespace: "cpu", value: "zen3" }]],
      platformMismatch: false,
    },
    { variant: list[3], outcome: "incompatible", missing: [], platformMismatch: true },
    { variant: list[4], outcome: "outranked", by: list[0], rule: "dominance" },
  ]);
});
