import { describe, expect, test } from "vitest";
import { cpuGraph } from "../cpu/graph.ts";
import { parseCpuinfo } from "../detect/cpuinfo.ts";
import { nfdLabels } from "../nodes/nfd.ts";
import { x86Name } from "./x86.ts";

/** A flag of the CPU graph as NFD's library publishes it (klauspost/cpuid, featureid), where upper case is not it. */
const published: Readonly<Record<string, string>> = {
  abm: "LZCNT",
  aes: "AESNI",
  amx_bf16: "AMXBF16",
  amx_int8: "AMXINT8",
  amx_tile: "AMXTILE",
  fma: "FMA3",
  lahf_lm: "LAHF",
  pclmulqdq: "CLMUL",
  sha_ni: "SHA",
  sse4_1: "SSE4",
  sse4_2: "SSE42",
};

/** Hidden by NFD's default denylist (source/cpu/cpu.go), or unknown to its library. */
const hidden = new Set(
  `mmx sse sse2 sse3 ssse3 sse4_1 sse4_2 popcnt cx16 bmi1 bmi2 f16c abm pclmulqdq rdrand rdseed clflushopt clwb fsgsbase
   pku rdpid`.split(/\s+/),
);

const libraryNeverKnew = new Set("clflushopt clwb fsgsbase pku rdpid".split(" "));

/** What /proc/cpuinfo and NFD call a maker. */
type Maker = readonly [vendor: string, byNfd: string];
const intel: Maker = ["GenuineIntel", "Intel"];
const amd: Maker = ["AuthenticAMD", "AMD"];
type Ids = readonly [family: number, model: number];

function labelsOf(flags: readonly string[], hides: ReadonlySet<string>, ids: Ids, [, vendor]: Maker) {
  const names = flags
    .filter((flag) => !hides.has(flag))
    .map(
      (flag) =>
        published[flag] ??
        flag
          .replace("avx_", "avx")
          .replace(/^avx512_/, "avx512")
          .replaceAll(/(?<=^avx.*)_/g, "")
          .toUpperCase(),
    );
  const labels = Object.fromEntries(
    [...names, "VMX", "SYSCALL", "X87", "OSXSAVE"].map((name) => [
      `feature.node.kubernetes.io/cpu-cpuid.${name}`,
      "true",
    ]),
  );
  return {
    ...labels,
    "feature.node.kubernetes.io/cpu-model.vendor_id": vendor,
    "feature.node.kubernetes.io/cpu-model.family": String(ids[0]),
    "feature.node.kubernetes.io/cpu-model.id": String(ids[1]),
  };
}

function byLabels(flags: readonly string[], hides: ReadonlySet<string>, ids: Ids, maker = intel) {
  const labels = labelsOf(flags, hides, ids, maker);
  const node = { labels, allocatable: {}, architecture: "amd64", operatingSystem: "linux", kernelVersion: "" };
  return nfdLabels(node, "amd64").features.find((each) => each.startsWith("cpu:"));
}

function byHost(flags: readonly string[], [family, model]: Ids, [vendor] = intel) {
  const ids = `cpu family : ${family}\nmodel : ${model}`;
  return `cpu:${x86Name(parseCpuinfo(`processor : 0\nvendor_id : ${vendor}\n${ids}\nflags : fpu lm ${flags.join(" ")}\n`))}`;
}

const flagsOf = (name: string) => [
  ...new Set([...(cpuGraph().get(name)?.ancestors ?? [])].flatMap((each) => cpuGraph().get(each)?.features ?? [])),
];

/** Ids by Linux's intel-family.h; flags by LLVM (cpu/x86-parents.test.ts). */
describe("a machine and its labels have one name", () => {
  test.each([
    ["sierraforest", [6, 0xaf]],
    ["grandridge", [6, 0xb6]],
    ["clearwaterforest", [6, 0xdd]],
    ["arrowlake", [6, 0xc5]],
    ["arrowlake_s", [6, 0xc6]],
    ["lunarlake", [6, 0xbd]],
    ["pantherlake", [6, 0xcc]],
    ["wildcatlake", [6, 0xd5]],
    ["novalake", [18, 1]],
    ["graniterapids", [6, 0xad]],
    ["diamondrapids", [19, 1]],
  ] as const)("%s", (name, ids) => {
    const flags = flagsOf(name);
    expect(byHost(flags, ids)).toBe(`cpu:${name}`);
    expect(byLabels(flags, hidden, ids)).toBe(`cpu:${name}`);
    // Neither the kernel nor the library knows the newest flags.
    const old = flags.filter((flag) => !/^(avx_(ifma|ne_|vnni_int)|cmpccxadd|sha512|sm[34])/.test(flag));
    expect(byHost(old, ids)).toBe(`cpu:${name}`);
    expect(byLabels(old, hidden, ids)).toBe(`cpu:${name}`);
  });

  test.each([
    [6, 0xaf],
    [6, 0xdd],
    [6, 0xc6],
    [6, 0xcc],
  ] as const)("family %i model %i of a virtual machine that may hide flags is alderlake", (...ids) => {
    const flags = [...flagsOf("alderlake"), "hypervisor"];
    expect(byHost(flags, ids)).toBe("cpu:alderlake");
    expect(byLabels(flags, hidden, ids)).toBe("cpu:alderlake");
  });

  test.each(["haswell", "broadwell", "sandybridge"])("ids that nobody knows, and all flags of %s", (name) => {
    const flags = flagsOf(name);
    expect(byHost(flags, [6, 255])).toBe(`cpu:${name}`);
    expect(byLabels(flags, libraryNeverKnew, [6, 255])).toBe(`cpu:${name}`);
  });

  test.each(["bulldozer", "piledriver"])("AMD's that nobody knows, and all flags of %s", (name) => {
    const flags = flagsOf(name);
    expect(byHost(flags, [27, 0], amd)).toBe(`cpu:${name}`);
    expect(byLabels(flags, libraryNeverKnew, [27, 0], amd)).toBe(`cpu:${name}`);
  });

  test("ids that nobody knows, and flags that labels cannot show: the level that they prove", () => {
    const flags = flagsOf("sapphirerapids");
    expect(byHost(flags, [6, 255])).toBe("cpu:sapphirerapids");
    expect(byLabels(flags, hidden, [6, 255])).toBe("cpu:x86_64_v4");
  });
});
