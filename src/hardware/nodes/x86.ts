/**
 * A CPU name that vendor, family and model ids may stand for. The first of a list whose `needs` the labels show is
 * meant; `otherwise` is the name to use where the CPU graph does not hold the first one.
 */
export interface Candidate {
  readonly name: string;
  readonly otherwise?: string;
  /** Flags (archspec's names) without which it is another CPU of the same ids. */
  readonly needs?: readonly string[];
}

/**
 * Intel family 6, by model: Intel SDM volume 4, table 2-1, and Linux arch/x86/include/asm/intel-family.h. Names are
 * archspec's. Where archspec has none: what it is at least.
 */
const intelFamily6: readonly (readonly [models: readonly number[], candidates: readonly Candidate[]])[] = [
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
  [[0x57, 0x85], [{ name: "mic_knl" }]],
  [[0x66], [{ name: "cannonlake" }]],
  [[0x6a, 0x6c], [{ name: "icelake" }]],
  // Ice Lake of clients has no CLWB, which archspec's icelake lists.
  [[0x7d, 0x7e], [{ name: "icelake_client", otherwise: "cannonlake" }]],
  [[0x8f, 0xcf], [{ name: "sapphirerapids" }]],
  [[0xad, 0xae], [{ name: "graniterapids", otherwise: "sapphirerapids" }]],
  [[0x8c, 0x8d], [{ name: "tigerlake", otherwise: "x86_64_v4" }]],
  [[0xa7], [{ name: "rocketlake", otherwise: "x86_64_v4" }]],
  [[0x97, 0x9a, 0xb7, 0xba, 0xbf, 0xaa, 0xac, 0xbe], [{ name: "alderlake" }]],
  [[0xc5], [{ name: "arrowlake", needs: ["avx_ifma", "avx_vnni_int8"] }, { name: "alderlake" }]],
  // Both names occur with these ids in archspec's captures, as far as the kernel knew the flags.
  [
    [0xbd, 0xc6],
    [
      { name: "arrowlake_s", needs: ["avx_ifma", "avx_vnni_int8", "avx_vnni_int16"] },
      { name: "arrowlake", needs: ["avx_ifma", "avx_vnni_int8"] },
      { name: "alderlake" },
    ],
  ],
  // E-cores only.
  [[0xaf], [{ name: "sierraforest", otherwise: "x86_64_v3" }]],
  [[0xb6], [{ name: "grandridge", otherwise: "x86_64_v3" }]],
  [[0xdd], [{ name: "clearwaterforest", otherwise: "x86_64_v3" }]],
];

const intelByModel: ReadonlyMap<number, readonly Candidate[]> = new Map(
  intelFamily6.flatMap(([models, candidates]) => models.map((model) => [model, candidates] as const)),
);

/** The names that the ids may stand for; empty where nobody knows. `vendor` as NFD or CPUID spells it. */
export function x86Candidates(vendor: string, family: number, model: number): readonly Candidate[] {
  switch (vendor.toLowerCase()) {
    case "intel":
    case "genuineintel":
      return family === 6 ? (intelByModel.get(model) ?? []) : [];
    case "amd":
    case "authenticamd":
      return amd(family, model);
    default:
      // Hygon has AMD's instructions under ids of its own; archspec knows it by level only.
      return [];
  }
}

/** AMD, by extended family: AMD's processor programming references; Linux arch/x86/kernel/cpu/amd.c. */
function amd(family: number, model: number): readonly Candidate[] {
  switch (family) {
    case 16:
      return [{ name: "k10" }];
    case 21:
      return [{ name: bulldozerFamily(model) }];
    case 23:
      return [{ name: isZen2(model) ? "zen2" : "zen" }];
    case 25:
      return [{ name: isZen4(model) ? "zen4" : "zen3" }];
    case 26:
      // Zen 5 and Zen 6 share the family; archspec tells them apart by this flag.
      return [{ name: "zen6", otherwise: "zen5", needs: ["avx512_fp16"] }, { name: "zen5" }];
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
    within(model, 0x30, 0x3f) ||
    model === 0x47 ||
    within(model, 0x60, 0x7f) ||
    within(model, 0x84, 0x87) ||
    within(model, 0x90, 0xaf)
  );
}

function isZen4(model: number): boolean {
  return within(model, 0x10, 0x1f) || within(model, 0x60, 0x7f) || within(model, 0xa0, 0xaf);
}

function within(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}
