import { archspecFlagAliases, archspecRows } from "./graph.generated.ts";

/** CPU flags that archspec lacks and images may ask for. Most are names from Linux's /proc/cpuinfo. */
const kernelFlags =
  "amx_complex amx_fp16 avx10 avx512_4fmaps avx512_4vnniw cmov cx8 erms fpu fsrm fxsr hle invpcid mmxext mpx " +
  "osxsave pconfig prefetchwt1 rdtscp rtm sgx smap smep umip wbnoinvd xgetbv1 xsaves " +
  "altivec neon vsx cssc ebf16 gcs hbc lse128 mops mte mte3 rcpc3 rprfm sme2p1 sve2p1";

/**
 * Maps other spellings, written without `_`, `-` and `.`, to archspec's names. From archspec's feature_aliases and darwin_flags, Linux's
 * cpufeatures.h (`pni`), Go's golang.org/x/sys/cpu (`HasAVX512GFNI`), NFD's CPUID labels, which are those of
 * klauspost/cpuid (`FMA3`, `LZCNT`, `LAHF`, `CLMUL`, `AMD3DNOW`), and GCC's aarch64 extensions (`lse`, `dotprod`).
 */
const spellings: readonly (readonly [spelling: string, flags: string])[] = [
  // Docker's manifest schema gives "sse4" as an example of `features`. It means SSE4.1 and SSE4.2.
  ["sse4", "sse4_1 sse4_2"],
  ["pni", "sse3"],
  ["fma3", "fma"],
  ["aesni", "aes"],
  ["clmul", "pclmulqdq"],
  ["pclmul", "pclmulqdq"],
  ["sha", "sha_ni"],
  ["lahf", "lahf_lm"],
  ["lahfsahf", "lahf_lm"],
  // Intel's LZCNT and AMD's ABM are one CPUID bit; Linux calls it abm.
  ["lzcnt", "abm"],
  ["cmpxchg8", "cx8"],
  ["cmpxchg16b", "cx16"],
  ["rdrnd", "rdrand"],
  // Any AVX-512 flag implies the foundation, which is what archspec's alias comes to.
  ["avx512", "avx512f"],
  ["avx512gfni", "gfni"],
  ["avx512vaes", "vaes"],
  ["avx512vpclmulqdq", "vpclmulqdq"],
  ["avx512vpopcnt", "avx512_vpopcntdq"],
  ["amd3dnow", "3dnow"],
  ["amd3dnowext", "3dnowext"],
  ["lse", "atomics"],
  ["dotprod", "asimddp"],
  ["rdm", "asimdrdm"],
  ["rcpc", "lrcpc"],
  ["sve2aes", "sveaes"],
  ["sve2bitperm", "svebitperm"],
  ["sve2sha3", "svesha3"],
  ["sve2sm4", "svesm4"],
];

/**
 * Maps a flag to the one that it implies. For x86 from Linux's arch/x86/kernel/cpu/cpuid-deps.c (the kernel clears the
 * left where the right is off) and archspec's feature_aliases (sse3). On Arm, Advanced SIMD is NEON, SVE2 extends SVE, and
 * SME2 extends SME.
 */
const implications: ReadonlyMap<string, string> = new Map([
  ["asimd", "neon"],
  ["sve2", "sve"],
  ["sme2", "sme"],
  ["sse", "fxsr"],
  ["sse2", "sse"],
  ["sse3", "sse2"],
  ["ssse3", "sse3"],
  ["sse4_1", "sse2"],
  ["sse4_2", "sse2"],
  ["pclmulqdq", "sse2"],
  ["sha_ni", "sse2"],
  ["gfni", "sse2"],
  ["f16c", "sse2"],
  ["xsaveopt", "xsave"],
  ["xsavec", "xsave"],
  ["xsaves", "xsave"],
  ["avx", "xsave"],
  ["avx2", "avx"],
  ["vaes", "avx"],
  ["vpclmulqdq", "avx"],
  ["avx512f", "avx"],
  ["avx512ifma", "avx512f"],
  ["avx512pf", "avx512f"],
  ["avx512er", "avx512f"],
  ["avx512cd", "avx512f"],
  ["avx512dq", "avx512f"],
  ["avx512bw", "avx512f"],
  ["avx512vl", "avx512f"],
  ["avx512vbmi", "avx512f"],
  ["avx512_vpopcntdq", "avx512f"],
  ["avx512_4vnniw", "avx512f"],
  ["avx512_4fmaps", "avx512f"],
  ["avx512_vbmi2", "avx512vl"],
  ["avx512_vnni", "avx512vl"],
  ["avx512_bitalg", "avx512vl"],
  ["avx512_bf16", "avx512vl"],
  ["avx512_vp2intersect", "avx512vl"],
  ["avx512_fp16", "avx512bw"],
  ["amx_tile", "xsave"],
  ["amx_int8", "amx_tile"],
  ["amx_bf16", "amx_tile"],
]);

/** Flags that archspec gives to every CPU of a family, whatever it lists. */
export function familyFlags(family: string): readonly string[] {
  return [...archspecFlagAliases].filter(([, { families }]) => families?.includes(family)).map(([flag]) => flag);
}

/** The flags with all that they imply. Time linear in the result. */
export function impliedFlags(flags: Iterable<string>): ReadonlySet<string> {
  // A Set is walked in order of insertion, additions made on the way included.
  const all = new Set(flags);
  for (const flag of all) {
    const implied = implications.get(flag);
    if (implied !== undefined) all.add(implied);
  }
  return all;
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[._-]/g, "");
}

const bySpelling: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...[...kernelFlags.split(" "), ...archspecRows.flatMap(({ features }) => features.split(" "))]
    .filter((flag) => flag !== "")
    .map((flag): [string, readonly string[]] => [bare(flag), [flag]]),
  ...spellings.map(([spelling, flags]): [string, readonly string[]] => [spelling, flags.split(" ")]),
]);

/**
 * The canonical names (archspec's, which are the kernel's) that a flag's spelling means: `SSE4.1` and `sse41` are
 * `sse4_1`; `sse4` is two. Undefined where nobody knows the spelling.
 */
export function canonicalFlags(text: string): readonly string[] | undefined {
  return bySpelling.get(bare(text));
}
