import { describe, expect, test } from "vitest";
import { cpuGraph } from "../cpu/graph.ts";
import { parseCpuinfo } from "../detect/cpuinfo.ts";
import { harmless, x86Name } from "./x86.ts";

/** The flags that archspec asks of a name, without some. */
function flagsOf(name: string, without: readonly string[] = []): string {
  const all = [...(cpuGraph().get(name)?.ancestors ?? [])].flatMap((each) => cpuGraph().get(each)?.features ?? []);
  return [...new Set(all)].filter((flag) => !without.includes(flag)).join(" ");
}

function nameOf(vendor: string, family: number, model: number, flags: string, stepping = 0): string {
  const ids = `cpu family : ${family}\nmodel : ${model}\nstepping : ${stepping}`;
  return x86Name(parseCpuinfo(`processor : 0\nvendor_id : ${vendor}\n${ids}\nflags : fpu lm ${flags}\n`));
}

describe("guests that hide what no compiler uses are what their ids say", () => {
  test.each([
    ["AuthenticAMD", 25, 1, "zen3", ["pku"]],
    ["AuthenticAMD", 25, 17, "zen4", ["pku", "flush_l1d"]],
    ["AuthenticAMD", 26, 2, "zen5", ["pku", "flush_l1d", "tsc_adjust"]],
    ["GenuineIntel", 6, 143, "sapphirerapids", ["cldemote"]],
  ])("%s family %i model %i without its harmless flags is %s", (vendor, family, model, name, without) => {
    expect(nameOf(vendor, family, model, flagsOf(name, without))).toBe(name);
  });

  test("but what a build may use is missed", () => {
    expect(nameOf("AuthenticAMD", 25, 17, flagsOf("zen4", ["avx512_vnni", "pku"]))).toBe("x86_64_v4");
    expect(nameOf("AuthenticAMD", 25, 17, flagsOf("zen4", [...avx512, "pku"]))).toBe("zen3");
    expect(nameOf("GenuineIntel", 6, 143, flagsOf("sapphirerapids", ["waitpkg"]))).toBe("icelake");
    expect(nameOf("GenuineIntel", 6, 143, flagsOf("sapphirerapids", ["amx_tile"]))).toBe("icelake");
  });

  test("and the vendor and the ids must say it", () => {
    expect(nameOf("AuthenticAMD", 23, 49, flagsOf("zen3", ["pku"]))).toBe("zen2");
    expect(nameOf("KVMKVMKVM", 25, 1, flagsOf("zen3", ["pku"]))).toBe("x86_64_v3");
  });
});

const avx512 = flagsOf("zen4")
  .split(" ")
  .filter((flag) => flag.startsWith("avx512"));

// Steppings: Intel's specification updates of the three Xeons. Names: LLVM's and GCC's host detection, by these flags.
describe("three Xeons share model 85, and their flags tell them apart, not their steppings", () => {
  test.each([
    ["Skylake", 4, flagsOf("skylake_avx512"), "skylake_avx512"],
    ["Cascade Lake", 7, flagsOf("cascadelake"), "cascadelake"],
    ["an early Cascade Lake", 5, flagsOf("cascadelake"), "cascadelake"],
    ["Cooper Lake", 11, `${flagsOf("cascadelake")} avx512_bf16`, "cooperlake"],
    ["Cascade Lake in a guest without VNNI", 7, flagsOf("cascadelake", ["avx512_vnni"]), "skylake_avx512"],
    ["Cooper Lake in a guest without BF16", 11, flagsOf("cascadelake"), "cascadelake"],
  ])("%s, stepping %i", (_, stepping, flags, name) => {
    expect(nameOf("GenuineIntel", 6, 85, flags, stepping)).toBe(name);
  });
});

describe("names that archspec lacks", () => {
  test.each([
    ["GenuineIntel", 6, 0xcf, "sapphirerapids", "emeraldrapids"],
    ["GenuineIntel", 6, 0xad, "sapphirerapids", "graniterapids"],
    ["GenuineIntel", 19, 1, "sapphirerapids", "diamondrapids"],
    ["GenuineIntel", 6, 0xaf, "arrowlake", "sierraforest"],
    ["GenuineIntel", 6, 0xb6, "arrowlake", "grandridge"],
    ["GenuineIntel", 6, 0xdd, "arrowlake_s", "clearwaterforest"],
    ["GenuineIntel", 6, 0xcc, "arrowlake_s", "pantherlake"],
    ["GenuineIntel", 6, 0xe5, "arrowlake_s", "pantherlake"],
    ["GenuineIntel", 6, 0xd5, "arrowlake_s", "wildcatlake"],
    ["GenuineIntel", 18, 1, "novalake", "novalake"],
    ["GenuineIntel", 18, 3, "novalake", "novalake"],
    ["GenuineIntel", 6, 0xbd, "arrowlake_s", "lunarlake"],
    ["GenuineIntel", 6, 0x37, "nehalem", "silvermont"],
    ["GenuineIntel", 6, 0x9c, "westmere", "tremont"],
    ["HygonGenuine", 24, 1, "zen", "dhyana"],
    ["CentaurHauls", 7, 0x5b, "x86_64_v3", "yongfeng"],
  ])("%s family %i model %i with the flags of %s is %s", (vendor, family, model, flags, name) => {
    expect(nameOf(vendor, family, model, flagsOf(flags))).toBe(name);
  });
});

// Linux shows `avx_vnni` of these and nothing newer: archspec's capture of a Core Ultra 9 285 (linux-ubuntu24.04-alderlake).
describe("flags that Linux does not name", () => {
  const rows = [
    [6, 0xaf, "alderlake", "sierraforest"],
    [6, 0xdd, "alderlake", "clearwaterforest"],
    [6, 0xc6, "alderlake", "arrowlake_s"],
    [6, 0xc5, "alderlake", "arrowlake"],
    [6, 0xbd, "alderlake", "lunarlake"],
    [6, 0xd5, "alderlake", "wildcatlake"],
  ] as const;

  test.each(rows)("family %i model %i with the flags of %s is %s on a machine", (family, model, flags, name) => {
    expect(nameOf("GenuineIntel", family, model, flagsOf(flags))).toBe(name);
  });

  test.each(rows)("family %i model %i may hide them in a virtual machine: it is %s", (family, model, flags) => {
    expect(nameOf("GenuineIntel", family, model, `${flagsOf(flags)} hypervisor`)).toBe(flags);
  });

  test("are missing where another of them is shown", () => {
    expect(nameOf("GenuineIntel", 6, 0xdd, flagsOf("arrowlake"))).toBe("arrowlake");
    expect(nameOf("GenuineIntel", 6, 0xaf, flagsOf("arrowlake", ["cmpccxadd"]))).toBe("alderlake");
  });

  test("and what Linux names is missed", () => {
    expect(nameOf("GenuineIntel", 6, 0xaf, flagsOf("alderlake", ["waitpkg"]))).toBe("skylake");
  });
});

// Arrow Lake-U has Meteor Lake's cores under a number that compilers call arrowlake.
test("Arrow Lake-U is arrowlake where its flags show that", () => {
  expect(nameOf("GenuineIntel", 6, 0xb5, flagsOf("alderlake"))).toBe("alderlake");
  expect(nameOf("GenuineIntel", 6, 0xb5, flagsOf("arrowlake"))).toBe("arrowlake");
});

test("what is harmless is something that archspec asks for", () => {
  const asked = new Set([...cpuGraph().values()].flatMap(({ features }) => features));
  for (const [flag, why] of harmless) {
    expect(asked.has(flag)).toBe(true);
    expect(why).not.toBe("");
  }
});
