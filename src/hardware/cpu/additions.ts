import type { CpuRow } from "./row.ts";

/**
 * Names that archspec lacks. Each is a node of its own under what it is: a machine of that name runs its parents'
 * builds, and a build for that name stays off machines that are only the parent. A parent here is a claim that the
 * name has every flag of that parent; where GCC's or LLVM's flags contradict archspec's node, the parent is an older
 * one. None of these is used to detect a CPU by archspec's algorithm.
 */
type Addition = readonly [name: string, ...parents: string[]];

/** Levels of an architecture: what a platform variant may ask for. */
const levels: readonly Addition[] = [
  // Arm Architecture Reference Manual, A2: each 8.x holds the one before; 9.x holds 9.(x-1) and 8.(x+5).
  ["armv8.7a", "armv8.6a"],
  ["armv8.8a", "armv8.7a"],
  ["armv8.9a", "armv8.8a"],
  ["armv9.1a", "armv9.0a", "armv8.6a"],
  ["armv9.3a", "armv9.2a", "armv8.8a"],
  ["armv9.4a", "armv9.3a", "armv8.9a"],
  ["armv9.5a", "armv9.4a"],
  ["armv9.6a", "armv9.5a"],
  // 32-bit arm, as image-spec's platform variants v5 to v8. `armv8l` is what uname(1) calls ARMv8 in 32-bit mode.
  ["armv5", "arm"],
  ["armv6", "armv5"],
  ["armv7", "armv6"],
  ["armv8l", "armv7"],
  // RISC-V profiles (riscv-profiles, RVA20/RVA22/RVA23): each mandates all of the one before.
  ["rva20u64", "riscv64"],
  ["rva22u64", "rva20u64"],
  ["rva23u64", "rva22u64"],
];

/** Intel, from GCC's i386.h (PTA_* sets) and Linux's intel-family.h. */
const intel: readonly Addition[] = [
  ["penryn", "core2"],
  // Same core as Skylake: intel-family.h says "Sky Lake" beside each of them; GCC gives them -march=skylake.
  ["kabylake", "skylake"],
  ["coffeelake", "skylake"],
  ["whiskeylake", "skylake"],
  ["amberlake", "skylake"],
  ["cometlake", "skylake"],
  // PTA_COOPERLAKE = PTA_CASCADELAKE | AVX512BF16.
  ["cooperlake", "cascadelake"],
  // PTA_ICELAKE_CLIENT has no CLWB, which archspec's icelake and cascadelake list: so under cannonlake.
  ["icelake_client", "cannonlake"],
  ["rocketlake", "icelake_client"],
  ["icelake_server", "icelake"],
  // PTA_TIGERLAKE = PTA_ICELAKE_CLIENT | CLWB | …: has all of archspec's icelake.
  ["tigerlake", "icelake", "icelake_client"],
  // emeraldrapids is PTA_SAPPHIRERAPIDS; PTA_GRANITERAPIDS and PTA_DIAMONDRAPIDS build on it.
  ["emeraldrapids", "sapphirerapids"],
  ["graniterapids", "sapphirerapids"],
  ["graniterapids_d", "graniterapids"],
  ["diamondrapids", "graniterapids_d"],
  // raptorlake, meteorlake and gracemont are PTA_ALDERLAKE.
  ["raptorlake", "alderlake"],
  ["meteorlake", "alderlake"],
  ["gracemont", "alderlake"],
  // LLVM: lunarlake is arrowlake-s; pantherlake and wildcatlake are that without Key Locker, which Linux never switches
  // on; novalake has AVX-512 and AVX10 besides.
  ["lunarlake", "arrowlake_s"],
  ["pantherlake", "lunarlake"],
  ["wildcatlake", "pantherlake"],
  ["novalake", "pantherlake", "icelake"],
  // LLVM: sierraforest is arrowlake with CLDEMOTE; clearwaterforest has arrowlake-s's besides.
  ["sierraforest", "arrowlake"],
  ["grandridge", "sierraforest"],
  ["clearwaterforest", "sierraforest", "arrowlake_s"],
  // PTA_BONNELL = SSSE3, CX16, MOVBE: below the levels.
  ["bonnell", "core2"],
  ["saltwell", "bonnell"],
  // PTA_SILVERMONT = PTA_WESTMERE | …, but some parts have AES and PCLMUL fused off: under Nehalem. Goldmont has both.
  ["silvermont", "nehalem"],
  ["airmont", "silvermont"],
  ["goldmont", "silvermont", "westmere"],
  ["goldmont_plus", "goldmont"],
  ["tremont", "goldmont_plus"],
  ["knightsmill", "mic_knl"],
];

/** amd and Hygon. Product names from amd's EPYC pages ("formerly codenamed"), cores from LLVM's X86.td. */
const amd: readonly Addition[] = [
  ["bobcat", "x86_64"],
  ["jaguar", "x86_64_v2"],
  ["zenplus", "zen"],
  ["naples", "zen"],
  // Linux treats Hygon family 18h as Zen (arch/x86/kernel/cpu/hygon.c).
  ["dhyana", "zen"],
  ["rome", "zen2"],
  ["milan", "zen3"],
  ["milan_x", "milan"],
  ["genoa", "zen4"],
  ["genoa_x", "genoa"],
  ["bergamo", "zen4"],
  ["siena", "zen4"],
  ["turin", "zen5"],
  ["venice", "zen6"],
];

/**
 * 64-bit arm: cores and architecture versions from LLVM's AArch64Processors.td, products from their makers' pages.
 * Cortex-A76 and what follows it up to Armv8.2 have every flag of Neoverse N1, which Arm made of Cortex-A76; so have
 * Cortex-A65 and its Neoverse E1.
 */
const arm: readonly Addition[] = [
  ["cortex_a34", "aarch64"],
  ["cortex_a35", "aarch64"],
  ["cortex_a53", "aarch64"],
  ["cortex_a73", "aarch64"],
  ["brahma_b53", "aarch64"],
  // Cortex-A72 is Cortex-A57 made anew: the same instructions.
  ["cortex_a57", "cortex_a72"],
  ["cortex_a55", "armv8.2a"],
  ["cortex_a65", "neoverse_n1"],
  ["cortex_a65ae", "cortex_a65"],
  ["cortex_a75", "armv8.2a"],
  ["neoverse_e1", "neoverse_n1"],
  ["cortex_a76", "neoverse_n1"],
  ["cortex_a76ae", "cortex_a76"],
  ["cortex_a77", "neoverse_n1"],
  ["cortex_a78", "neoverse_n1"],
  ["cortex_a78ae", "cortex_a78"],
  ["cortex_a78c", "cortex_a78"],
  ["cortex_x1", "neoverse_n1"],
  ["cortex_x1c", "cortex_x1"],
  ["cortex_a510", "armv9.0a"],
  ["cortex_a710", "armv9.0a"],
  ["cortex_a715", "armv9.0a"],
  ["cortex_x2", "armv9.0a"],
  ["cortex_x3", "armv9.0a"],
  ["cortex_a320", "armv9.2a"],
  ["cortex_a520", "armv9.2a"],
  ["cortex_a520ae", "cortex_a520"],
  ["cortex_a720", "armv9.2a"],
  ["cortex_a720ae", "cortex_a720"],
  ["cortex_a725", "armv9.2a"],
  ["cortex_x4", "armv9.2a"],
  ["cortex_x925", "armv9.2a"],
  ["c1_nano", "armv9.3a"],
  ["c1_pro", "armv9.3a"],
  ["c1_premium", "armv9.3a"],
  ["c1_ultra", "armv9.3a"],
  // archspec asks the same flags of N2 and V2, and N3 has them all.
  ["neoverse_n3", "neoverse_n2", "neoverse_v2", "armv9.2a"],
  // Neoverse V3AE is V3 for vehicles; archspec knows only that one, whose flags are not claimed here.
  ["neoverse_v3", "neoverse_v2", "armv9.2a"],
  ["kunpeng920", "armv8.2a"],
  ["fujitsu_monaka", "armv9.3a"],
  // AWS: "Graviton" instance pages name the core of each generation.
  ["graviton", "cortex_a72"],
  ["graviton2", "neoverse_n1"],
  ["graviton3", "neoverse_v1"],
  ["graviton4", "neoverse_v2"],
  ["graviton5", "neoverse_v3"],
  // Ampere Altra product brief: Neoverse N1. AmpereOne is LLVM's ampere1.
  ["altra", "neoverse_n1"],
  ["ampereone", "ampere1"],
  ["ampere1b", "ampere1a", "armv8.7a"],
  ["ampere1c", "armv9.2a"],
  // NVIDIA Grace and Vera CPU pages: Neoverse V2, Olympus. Google Axion C4A: Neoverse V2. Azure Cobalt 100: N2.
  ["grace", "neoverse_v2"],
  ["vera", "olympus"],
  ["axion", "neoverse_v2"],
  ["cobalt100", "neoverse_n2"],
  // NVIDIA's own cores: Tegra X1's successor of Denver, and Xavier. LLVM, carmel: ARMv8.2.
  ["denver", "aarch64"],
  ["carmel", "armv8.2a"],
  // Cavium, Applied Micro, Qualcomm: LLVM's thunderx, kryo, falkor, saphira, oryon-1; GCC's thunderx3t110.
  ["thunderx", "aarch64"],
  ["thunderx3", "thunderx2", "armv8.3a"],
  ["kryo", "aarch64"],
  ["falkor", "aarch64"],
  ["saphira", "armv8.4a"],
  ["oryon_1", "armv8.6a"],
];

/** Zhaoxin, from GCC's i386.h: PTA_LUJIAZUI has no AVX, PTA_YONGFENG has AVX2, BMI2, FMA, F16C. */
const zhaoxin: readonly Addition[] = [
  ["lujiazui", "x86_64_v2"],
  ["yongfeng", "x86_64_v3"],
  ["shijidadao", "yongfeng"],
];

const power: readonly Addition[] = [
  ["power11", "power10"],
  ["power11le", "power10le"],
];

/** The vendor whose CPUs a list names; levels are everybody's. arm cores are told apart by part number, not by this. */
const lists: readonly (readonly [vendor: string, additions: readonly Addition[]])[] = [
  ["generic", levels],
  ["GenuineIntel", intel],
  ["AuthenticAMD", amd],
  ["CentaurHauls", zhaoxin],
  ["ARM", arm],
  ["IBM", power],
];

export const addedRows: readonly CpuRow[] = lists.flatMap(([vendor, additions]) =>
  additions.map(([name, ...parents]) => ({ name, parents, vendor, features: "" })),
);

/** Parents that archspec's own names get among the levels above; the order among archspec's names stays its own. */
export const parentAdditions: ReadonlyMap<string, readonly string[]> = new Map([
  ["armv9.2a", ["armv9.1a", "armv8.7a"]],
  // LLVM's apple-m4; archspec, which has no armv8.7a, says armv8.6a.
  ["m4", ["armv8.7a"]],
  // SiFive U74-MC manual: RV64GC. SpacemiT K1 (X60) data sheet: RVA22.
  ["u74mc", ["rva20u64"]],
  ["x60", ["rva22u64"]],
]);

/** Flags that every CPU of an architecture has although archspec does not list them, as NFD never publishes them. */
export const flagAdditions: ReadonlyMap<string, string> = new Map([
  // System V ABI, AMD64 supplement, table 3.1: the baseline.
  ["x86_64", "cmov cx8 fpu fxsr mmx sse sse2"],
  // Procedure Call Standard for AArch64: floating point and Advanced SIMD belong to the base.
  ["aarch64", "fp asimd"],
]);
