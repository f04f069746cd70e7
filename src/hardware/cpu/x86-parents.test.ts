import { expect, test } from "vitest";
import { addedRows } from "./additions.ts";
import { cpuFlags, cpuGraph } from "./graph.ts";

/**
 * The instruction sets of each name, as LLVM gives them (llvm/lib/Target/X86, X86.td, read from the compiler of Zig
 * 0.17.1 by `zig build-exe --show-builtin -target x86_64-linux -mcpu=NAME`): another name's, with more and less. Left out:
 * hints for tuning, and what only kernels execute (SMAP, SMEP). LLVM's names where they differ from the graph's: knl and
 * knm, btver1 and btver2, znver1 to znver5.
 */
const llvm: Readonly<Record<string, string>> = {
  x86_64: "+64bit +cmov +cx8 +fxsr +mmx +sse +sse2 +x87",
  core2: "x86_64 +cx16 +sahf +sse3 +ssse3",
  penryn: "core2 +sse4_1",
  nehalem: "penryn +crc32 +popcnt +sse4_2",
  westmere: "nehalem +pclmul",
  bonnell: "core2 +movbe",
  silvermont: "westmere +movbe +prfchw +rdrnd",
  goldmont: "silvermont +aes +clflushopt +fsgsbase +rdseed +sha +xsave +xsavec +xsaveopt +xsaves",
  goldmont_plus: "goldmont +ptwrite +rdpid",
  tremont: "goldmont_plus +clwb +gfni",
  skylake: "goldmont +adx +avx +avx2 +bmi +bmi2 +f16c +fma +invpcid +lzcnt -sha",
  cascadelake: "skylake +avx512bw +avx512cd +avx512dq +avx512f +avx512vl +avx512vnni +clwb +pku",
  cooperlake: "cascadelake +avx512bf16",
  cannonlake: "cascadelake +avx512ifma +avx512vbmi +sha -avx512vnni -clwb",
  icelake_client: "cannonlake +avx512bitalg +avx512vbmi2 +avx512vnni +avx512vpopcntdq +gfni +rdpid +vaes +vpclmulqdq",
  rocketlake: "icelake_client",
  icelake_server: "icelake_client +clwb +pconfig +wbnoinvd",
  tigerlake: "icelake_client +avx512vp2intersect +clwb +movdir64b +movdiri +shstk",
  sapphirerapids:
    "icelake_server +amx_bf16 +amx_int8 +amx_tile +avx512bf16 +avx512fp16 +avxvnni +cldemote +enqcmd +movdir64b +movdiri +ptwrite +serialize +shstk +tsxldtrk +uintr +waitpkg",
  emeraldrapids: "sapphirerapids",
  graniterapids: "sapphirerapids +amx_fp16 +prefetchi",
  graniterapids_d: "graniterapids +amx_complex",
  diamondrapids:
    "graniterapids_d +amx_avx512 +amx_fp8 +amx_movrs +amx_tf32 +avx10_1 +avx10_2 +avxifma +avxneconvert +avxvnniint16 +avxvnniint8 +ccmp +cmpccxadd +egpr +movrs +ndd +nf +ppx +push2pop2 +sha512 +sm3 +sm4 +zu",
  alderlake:
    "skylake +avxvnni +clwb +gfni +hreset +kl +movdir64b +movdiri +pconfig +pku +ptwrite +rdpid +serialize +sha +shstk +vaes +vpclmulqdq +waitpkg +widekl",
  raptorlake: "alderlake",
  meteorlake: "alderlake",
  gracemont: "alderlake",
  arrowlake: "alderlake +avxifma +avxneconvert +avxvnniint8 +cmpccxadd +enqcmd +uintr",
  arrowlake_s: "arrowlake +avxvnniint16 +sha512 +sm3 +sm4",
  lunarlake: "arrowlake_s",
  pantherlake: "arrowlake_s -kl -widekl",
  wildcatlake: "pantherlake",
  novalake:
    "diamondrapids +hreset -amx_avx512 -amx_bf16 -amx_complex -amx_fp16 -amx_fp8 -amx_int8 -amx_movrs -amx_tf32 -amx_tile -cldemote -tsxldtrk -wbnoinvd",
  sierraforest: "arrowlake +cldemote",
  grandridge: "sierraforest",
  clearwaterforest: "pantherlake +cldemote +prefetchi +usermsr",
  mic_knl: "skylake +avx512cd +avx512er +avx512f +avx512pf +prefetchwt1 -clflushopt -invpcid -xsavec -xsaves",
  knightsmill: "mic_knl +avx512vpopcntdq",
  bobcat: "core2 +lzcnt +popcnt +prfchw +sse4a",
  jaguar: "silvermont +aes +avx +bmi +f16c +lzcnt +sse4a +xsave +xsaveopt -rdrnd",
  zen: "skylake +clzero +mwaitx +sha +sse4a -invpcid",
  zen2: "zen +clwb +rdpid +rdpru +wbnoinvd",
  zen3: "zen2 +invpcid +pku +vaes +vpclmulqdq",
  zen4: "icelake_server +avx512bf16 +clzero +mwaitx +rdpru +shstk +sse4a -pconfig",
  zen5: "zen4 +avx512vp2intersect +avxvnni +movdir64b +movdiri +prefetchi",
};

/** Cores that LLVM has no name for: the same as its parent, by GCC's or Linux's word beside the row. Products too. */
const unknownToLlvm = [
  ..."airmont amberlake coffeelake cometlake kabylake saltwell whiskeylake".split(" "),
  ..."bergamo dhyana genoa genoa_x milan milan_x naples rome siena turin venice zenplus".split(" "),
  ..."lujiazui shijidadao yongfeng".split(" "),
];

/** The graph's flags by LLVM's names, where they are others. */
const spelled: Readonly<Record<string, string>> = {
  abm: "lzcnt",
  bmi1: "bmi",
  fpu: "x87",
  lahf_lm: "sahf",
  pclmulqdq: "pclmul",
  rdrand: "rdrnd",
  sha_ni: "sha",
};

/** Linux never sets CR4.KL (no such bit in arch/x86/kernel/cpu), so no program on it runs these. */
const notOnLinux = ["kl", "widekl"];

function sets(name: string): ReadonlySet<string> {
  const all = new Set<string>();
  for (const word of (llvm[name] ?? "").split(" ")) {
    if (word.startsWith("+")) all.add(word.slice(1));
    else if (word.startsWith("-")) all.delete(word.slice(1));
    else for (const each of sets(word)) all.add(each);
  }
  expect(all.size, name).toBeGreaterThan(0);
  return all;
}

const named = addedRows.filter(({ vendor }) => ["GenuineIntel", "AuthenticAMD", "CentaurHauls"].includes(vendor));
const known = named.filter(({ name }) => !unknownToLlvm.includes(name));

/** Which of these a name does not have in LLVM, of what programs on Linux run. */
function lacking(name: string): (flags: Iterable<string>) => readonly string[] {
  const own = sets(name);
  return (flags) => [...flags].filter((flag) => !own.has(flag) && !notOnLinux.includes(flag));
}

/** The graph's flags of a name, by LLVM's names. */
function flagsOf(name: string): readonly string[] {
  return [...cpuFlags(name)].map(
    (flag) => spelled[flag] ?? flag.replace(/^(avx512|avx)_/, "$1").replace(/^(avx.*)_/, "$1"),
  );
}

test.each(known.map((row) => [row.name, row] as const))("%s has in LLVM all that its parents have", (name, row) => {
  const lacks = lacking(name);
  expect(lacks(flagsOf(name))).toEqual([]);
  const ours = row.parents.filter((parent) => cpuGraph().get(parent)?.source === "metahub");
  for (const parent of ours) expect(lacks(sets(parent)), parent).toEqual([]);
});

test.each(known.map((row) => [row.name, row] as const))("%s descends from each whose builds it runs", (name, row) => {
  const lacks = lacking(name);
  const ancestors = cpuGraph().get(name)?.ancestors ?? new Set();
  const runs = [...cpuGraph().values()].filter(
    (entry) =>
      entry.source === "archspec" &&
      entry.family === "x86_64" &&
      ["generic", row.vendor].includes(entry.vendor) &&
      lacks([...flagsOf(entry.name), ...(llvm[entry.name] === undefined ? [] : sets(entry.name))]).length === 0,
  );
  expect(runs.length).toBeGreaterThan(0);
  expect(runs.map((entry) => entry.name).filter((each) => !ancestors.has(each))).toEqual([]);
});

test("every x86 name that is added is in the table, or known to be none of LLVM's", () => {
  expect(
    named
      .filter(({ name }) => llvm[name] === undefined)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...unknownToLlvm].sort());
});
