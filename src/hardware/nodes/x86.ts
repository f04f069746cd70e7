/**
 * A CPU name that vendor, family and model ids may stand for. The first of a list whose `needs` the flags show is
 * meant; `otherwise` is the name that archspec has for it where it lacks the first one.
 */
export interface Candidate {
  readonly name: string;
  readonly otherwise?: string;
  /** Flags (archspec's names) without which it is another CPU of the same ids. */
  readonly needs?: readonly string[];
}

/** Flags that Arrow Lake has and Alder Lake has not. */
const arrowLake: readonly string[] = ["avx_ifma", "avx_vnni_int8"];

/**
 * Flags of programs that Linux knows and does not name in /proc/cpuinfo (arch/x86/include/asm/cpufeatures.h: no name in
 * quotes), and that older libraries of NFD do not know. Where none of them is shown on a machine, all are unknown, not
 * missing: the ids tell. A hypervisor may hide them (docs/decisions/0020-masked-guests.md).
 */
export const unnamedFlags: ReadonlySet<string> = new Set(
  "avx_ifma avx_ne_convert avx_vnni_int8 avx_vnni_int16 cmpccxadd sha512 sm3 sm4".split(" "),
);

/**
 * Intel family 6, by model: Intel SDM volume 4, table 2-1, and Linux arch/x86/include/asm/intel-family.h (v7.0; 0xe5 is
 * INTEL_PANTHERLAKE_R, with the cores of 0xcc, Cougar Cove and Darkmont). Names are the CPU graph's.
 */
const intelFamily6: readonly (readonly [models: readonly number[], candidates: readonly Candidate[]])[] = [
  [[0x0f, 0x16], [{ name: "core2" }]],
  [[0x17, 0x1d], [{ name: "penryn", otherwise: "core2" }]],
  [[0x1a, 0x1e, 0x1f, 0x2e], [{ name: "nehalem" }]],
  [[0x25, 0x2c, 0x2f], [{ name: "westmere" }]],
  [[0x2a, 0x2d], [{ name: "sandybridge" }]],
  [[0x3a, 0x3e], [{ name: "ivybridge" }]],
  [[0x3c, 0x3f, 0x45, 0x46], [{ name: "haswell" }]],
  [[0x3d, 0x47, 0x4f, 0x56], [{ name: "broadwell" }]],
  // Kaby, Coffee and Comet Lake share models with each other and have Skylake's instructions.
  [[0x4e, 0x5e, 0x8e, 0x9e, 0xa5, 0xa6], [{ name: "skylake" }]],
  [
    [0x55],
    [
      { name: "cooperlake", otherwise: "cascadelake", needs: ["avx512_bf16", "avx512_vnni"] },
      { name: "cascadelake", needs: ["avx512_vnni"] },
      { name: "skylake_avx512" },
    ],
  ],
  [[0x57], [{ name: "mic_knl" }]],
  [[0x85], [{ name: "knightsmill", otherwise: "mic_knl" }]],
  [[0x66], [{ name: "cannonlake" }]],
  [[0x6a, 0x6c], [{ name: "icelake" }]],
  // Ice Lake of clients has no CLWB, which archspec's icelake lists.
  [[0x7d, 0x7e, 0x9d], [{ name: "icelake_client", otherwise: "cannonlake" }]],
  [[0x8f], [{ name: "sapphirerapids" }]],
  [[0xcf], [{ name: "emeraldrapids", otherwise: "sapphirerapids" }]],
  [[0xad, 0xae], [{ name: "graniterapids", otherwise: "sapphirerapids" }]],
  [[0x8c, 0x8d], [{ name: "tigerlake", otherwise: "x86_64_v4" }]],
  [[0xa7], [{ name: "rocketlake", otherwise: "x86_64_v4" }]],
  // Raptor and Meteor Lake have Alder Lake's instructions; Bartlett Lake is Raptor Lake without E-cores.
  [[0x97, 0x9a, 0xb7, 0xba, 0xbf, 0xaa, 0xac, 0xd7], [{ name: "alderlake" }]],
  // Arrow Lake-U has Meteor Lake's cores (Linux, arch/x86/events/intel/core.c; perf's mapfile.csv: AA|AC|B5), and the
  // number that LLVM and GCC call arrowlake: its flags must show that.
  [[0xb5], [{ name: "arrowlake", needs: arrowLake }, { name: "alderlake" }]],
  [[0xc5], [{ name: "arrowlake" }]],
  [[0xc6], [{ name: "arrowlake_s" }]],
  [[0xbd], [{ name: "lunarlake", otherwise: "arrowlake_s" }]],
  [[0xcc, 0xe5], [{ name: "pantherlake", otherwise: "arrowlake_s" }]],
  [[0xd5], [{ name: "wildcatlake", otherwise: "arrowlake_s" }]],
  // Atoms.
  [[0x1c, 0x26], [{ name: "bonnell", otherwise: "core2" }]],
  [[0x27, 0x35, 0x36], [{ name: "saltwell", otherwise: "core2" }]],
  [[0x37, 0x4a, 0x4d], [{ name: "silvermont", otherwise: "x86_64_v2" }]],
  [[0x4c, 0x5a, 0x75], [{ name: "airmont", otherwise: "x86_64_v2" }]],
  [[0x5c, 0x5f], [{ name: "goldmont", otherwise: "x86_64_v2" }]],
  [[0x7a], [{ name: "goldmont_plus", otherwise: "x86_64_v2" }]],
  // Lakefield has one big core beside its Tremonts, and shows what they all have.
  [[0x86, 0x8a, 0x96, 0x9c], [{ name: "tremont", otherwise: "x86_64_v2" }]],
  [[0xbe], [{ name: "gracemont", otherwise: "alderlake" }]],
  // E-cores only.
  [[0xaf], [{ name: "sierraforest", otherwise: "arrowlake" }]],
  [[0xb6], [{ name: "grandridge", otherwise: "arrowlake" }]],
  [[0xdd], [{ name: "clearwaterforest", otherwise: "arrowlake_s" }]],
];

const intelByModel: ReadonlyMap<number, readonly Candidate[]> = new Map(
  intelFamily6.flatMap(([models, candidates]) => models.map((model) => [model, candidates] as const)),
);

/** The names that the ids may stand for; empty where nobody knows. `vendor` as NFD or CPUID spells it. */
export function x86Candidates(vendor: string, family: number, model: number): readonly Candidate[] {
  switch (vendor.trim().toLowerCase()) {
    case "intel":
    case "genuineintel":
      return intel(family, model);
    case "amd":
    case "authenticamd":
      return amd(family, model);
    case "hygon":
    case "hygongenuine":
      // Family 18h is Zen (Linux arch/x86/kernel/cpu/hygon.c); later models than the first are Zen too.
      return family === 24 ? [{ name: "dhyana", otherwise: "zen" }] : [];
    case "via":
    case "zhaoxin":
    case "centaurhauls":
    case "shanghai":
      return family === 7 ? zhaoxin(model) : [];
    default:
      return [];
  }
}

/** Linux, intel-family.h: families 18 and 19 begin with Coyote Cove and Panther Cove. */
function intel(family: number, model: number): readonly Candidate[] {
  if (family === 6) return intelByModel.get(model) ?? [];
  if (family === 18 && (model === 1 || model === 3)) return [{ name: "novalake", otherwise: "arrowlake_s" }];
  return family === 19 && model === 1 ? [{ name: "diamondrapids", otherwise: "graniterapids" }] : [];
}

/** GCC, common/config/i386/cpuinfo.h (get_zhaoxin_cpu). */
function zhaoxin(model: number): readonly Candidate[] {
  switch (model) {
    case 0x3b:
      return [{ name: "lujiazui", otherwise: "x86_64_v2" }];
    case 0x5b:
      return [{ name: "yongfeng", otherwise: "x86_64_v3" }];
    case 0x6b:
      return [{ name: "shijidadao", otherwise: "x86_64_v3" }];
    default:
      return [];
  }
}

/** AMD, by extended family: AMD's processor programming references; Linux arch/x86/kernel/cpu/amd.c. */
function amd(family: number, model: number): readonly Candidate[] {
  switch (family) {
    case 16:
    // Llano: K10's core.
    case 18:
      return [{ name: "k10" }];
    case 20:
      return [{ name: "bobcat", otherwise: "x86_64" }];
    case 21:
      return [{ name: bulldozerFamily(model) }];
    case 22:
      return [{ name: "jaguar", otherwise: "x86_64_v2" }];
    case 23:
      return [{ name: isZen2(model) ? "zen2" : "zen" }];
    case 25:
      return [{ name: isZen4(model) ? "zen4" : "zen3" }];
    case 26:
      // Zen 5 and Zen 6 share the family. archspec tells them apart by this flag, which an older NFD does not know.
      return isZen6(model)
        ? [{ name: "zen6", otherwise: "zen5", needs: ["avx512_fp16"] }, { name: "zen5" }]
        : [{ name: "zen5" }];
    default:
      return [];
  }
}

function bulldozerFamily(model: number): string {
  if (within(model, 0x60, 0x7f)) return "excavator";
  if (within(model, 0x30, 0x3f)) return "steamroller";
  return model === 0x02 || within(model, 0x10, 0x1f) ? "piledriver" : "bulldozer";
}

function isZen2(model: number): boolean {
  return (
    within(model, 0x30, 0x4f) || within(model, 0x60, 0x7f) || within(model, 0x84, 0x87) || within(model, 0x90, 0xaf)
  );
}

function isZen4(model: number): boolean {
  return within(model, 0x10, 0x1f) || within(model, 0x60, 0xaf);
}

/** Linux arch/x86/kernel/cpu/amd.c (bsp_init_amd); Zen 5c has the models and the instructions of Zen 5. */
function isZen6(model: number): boolean {
  return within(model, 0x50, 0x5f) || within(model, 0x80, 0xaf) || within(model, 0xc0, 0xcf);
}

function within(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}
