import { cpuGraph } from "../cpu/graph.ts";

/** NFD's name of a flag (klauspost/cpuid, featureid) → archspec's, where lower case alone does not give it. */
const nfdNames: ReadonlyMap<string, string> = new Map([
  ["AESNI", "aes"],
  ["AMD3DNOW", "3dnow"],
  ["AMD3DNOWEXT", "3dnowext"],
  ["AMXBF16", "amx_bf16"],
  ["AMXFP16", "amx_fp16"],
  ["AMXINT8", "amx_int8"],
  ["AMXTILE", "amx_tile"],
  ["AVX512BF16", "avx512_bf16"],
  ["AVX512BITALG", "avx512_bitalg"],
  ["AVX512FP16", "avx512_fp16"],
  ["AVX512VBMI2", "avx512_vbmi2"],
  ["AVX512VNNI", "avx512_vnni"],
  ["AVX512VP2INTERSECT", "avx512_vp2intersect"],
  ["AVX512VPOPCNTDQ", "avx512_vpopcntdq"],
  ["AVXIFMA", "avx_ifma"],
  ["AVXNECONVERT", "avx_ne_convert"],
  ["AVXVNNI", "avx_vnni"],
  ["AVXVNNIINT8", "avx_vnni_int8"],
  ["AVXVNNIINT16", "avx_vnni_int16"],
  ["CLMUL", "pclmulqdq"],
  ["FMA3", "fma"],
  ["LAHF", "lahf_lm"],
  ["LZCNT", "abm"],
  ["SHA", "sha_ni"],
  ["SSE4", "sse4_1"],
  ["SSE4.1", "sse4_1"],
  ["SSE4.2", "sse4_2"],
  ["SSE42", "sse4_2"],
]);

/** archspec's name of a flag that NFD publishes; lower case where archspec has none. */
export function nfdFlag(name: string): string {
  return nfdNames.get(name) ?? name.toLowerCase();
}

/** Listed by archspec for some CPUs, but nothing that an image is built for. */
const notForImages: ReadonlySet<string> = new Set(["cpuid", "evtstrm", "flush_l1d", "tsc_adjust"]);

/** By family of CPU (`sme` is one thing on x86 and another on arm64): the flags that some CPU is known by. */
const offered: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ["x86_64", "aarch64"].map((family) => [
    family,
    new Set([
      ...[...cpuGraph().values()].flatMap((entry) => (entry.family === family ? entry.features : [])),
      // Newer ones that archspec does not list yet.
      ...(family === "x86_64" ? ["amx_complex", "amx_fp16", "avx512_fp16"] : []),
    ]),
  ]),
);

/**
 * Whether the flag is one that images are built for. The rest of what NFD and kernels name (microcode, mitigations,
 * virtualisation) would only tell apart machines that run the same images. `family` is a root of the CPU graph.
 */
export function isOfferedFlag(flag: string, family: string): boolean {
  return offered.get(family)?.has(flag) === true && !notForImages.has(flag);
}

/**
 * x86 flags that every NFD with `cpu-model` labels (0.11 on: kubernetes-sigs/node-feature-discovery#792) publishes where
 * the CPU has them, by its library's release 2.0.9. So their absence contradicts a CPU name. Not here: what NFD's
 * default `attributeBlacklist` hides (source/cpu/cpu.go: SSE to SSE4.2, BMI1/2, F16C, LZCNT, POPCNT, CX16, CLMUL,
 * RDRAND, RDSEED, MMX, …), what its library never knew (clflushopt, clwb, fsgsbase, pku, rdpid), what only newer
 * libraries know. Absent, those are unknown, not missing.
 */
const x86Always: ReadonlySet<string> = new Set(
  `adx aes amx_bf16 amx_int8 amx_tile avx avx2 avx512_bf16 avx512_bitalg avx512_vbmi2 avx512_vnni avx512_vp2intersect
   avx512_vpopcntdq avx512bw avx512cd avx512dq avx512er avx512f avx512ifma avx512pf avx512vbmi avx512vl cldemote fma
   fma4 movdir64b movdiri serialize sha_ni sse4a tbm waitpkg xop`.split(/\s+/),
);

/** Those that came to the library together with X87, FXSR and CMPXCHG8 (2.0.10), which every x86-64 CPU has. */
const x86Newer: readonly string[] = ["avx512_fp16", "lahf_lm", "movbe", "xsave"];
const x86NewerMarkers: readonly string[] = ["x87", "fxsr", "cmpxchg8"];

/**
 * Flags that the library learned, or learned to see without AVX-512, in July 2022 (klauspost/cpuid#106 AVX-VNNI, #108 GFNI,
 * VAES, VPCLMULQDQ), shortly before it renamed SCE to SYSCALL (#115): where there is no SYSCALL, it is older. NFD 0.11.0 is,
 * and shows none of them of an Alder Lake (kubernetes-sigs/node-feature-discovery#844).
 */
const x86Later: ReadonlyMap<string, readonly string[]> = new Map([
  ["avx_vnni", ["syscall"]],
  ["gfni", ["syscall", "avx512f"]],
  ["vaes", ["syscall", "avx512f"]],
  ["vpclmulqdq", ["syscall", "avx512f"]],
]);

/** Whether these flags come from a library that publishes LAHF, MOVBE and OSXSAVE where the CPU has them. */
export function knowsNewerFlags(published: ReadonlySet<string>): boolean {
  return [...x86NewerMarkers, ...x86Newer, "osxsave"].some((flag) => published.has(flag));
}

/**
 * arm64: NFD names the bits of HWCAP as Linux does (arch/arm64/include/uapi/asm/hwcap.h). It had the first of them from
 * the beginning; those from ASIMDFHM on, and HWCAP2, came with 0.12 (kubernetes-sigs/node-feature-discovery#919): the
 * absence of one of these means something only where another of them is published.
 */
const armHwcap: ReadonlySet<string> = new Set(
  `fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 sm4
   asimddp sha512 sve`.split(/\s+/),
);
const armHwcapLater: ReadonlySet<string> = new Set("asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg".split(" "));
const armHwcap2: ReadonlySet<string> = new Set(
  `dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svef32mm svef64mm svebf16 i8mm bf16 dgh
   rng bti ecv afp rpres sme wfxt`.split(/\s+/),
);

/** Whether the absence of this flag, among the flags that are published, says that the CPU lacks it. */
export function absenceMeansMissing(
  flag: string,
  published: ReadonlySet<string>,
  family: "x86_64" | "aarch64",
): boolean {
  if (family === "aarch64") return absentOnArm(flag, published);
  if (x86Always.has(flag)) return true;
  const later = x86Later.get(flag);
  if (later !== undefined) return later.some((marker) => published.has(marker));
  return x86Newer.includes(flag) && x86NewerMarkers.some((marker) => published.has(marker));
}

function absentOnArm(flag: string, published: ReadonlySet<string>): boolean {
  if (armHwcap.has(flag)) return true;
  if (armHwcapLater.has(flag)) return [...armHwcapLater, ...armHwcap2].some((bit) => published.has(bit));
  return armHwcap2.has(flag) && [...armHwcap2].some((bit) => published.has(bit));
}
