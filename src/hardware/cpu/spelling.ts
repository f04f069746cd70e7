import { cpuGraph } from "./graph.ts";

/** Other spellings, without `_`, `-`, `.` and `/`, to canonical names. */
const spellings: readonly (readonly [spelling: string, name: string])[] = [
  // GOARCH and uname(1) names of the architectures, as in `amd64/v3`. Levels: System V ABI, AMD64 supplement, 3.1.1.
  ["amd64", "x86_64"],
  ["amd64v1", "x86_64"],
  ["x8664v1", "x86_64"],
  ["amd64v2", "x86_64_v2"],
  ["amd64v3", "x86_64_v3"],
  ["amd64v4", "x86_64_v4"],
  ["arm64", "aarch64"],
  ["armv8a", "aarch64"],
  ["armv80a", "aarch64"],
  // GCC spells Armv9.0 without the zero: -march=armv9-a.
  ["armv9a", "armv9.0a"],
  // GCC -march names that differ from archspec's by more than a dash.
  ["knl", "mic_knl"],
  ["knightslanding", "mic_knl"],
  ["knm", "knightsmill"],
  ["skylakeserver", "skylake_avx512"],
  ["skylakesp", "skylake_avx512"],
  ["skylakex", "skylake_avx512"],
  ["skx", "skylake_avx512"],
  ["corei7", "nehalem"],
  ["corei7avx", "sandybridge"],
  ["coreavxi", "ivybridge"],
  ["coreavx2", "haswell"],
  ["amdfam10", "k10"],
  ["barcelona", "k10"],
  ["btver2", "jaguar"],
  ["bdver1", "bulldozer"],
  ["bdver2", "piledriver"],
  ["bdver3", "steamroller"],
  ["bdver4", "excavator"],
  ["znver1", "zen"],
  ["zen1", "zen"],
  ["zen+", "zenplus"],
  ["znver2", "zen2"],
  ["znver3", "zen3"],
  ["znver4", "zen4"],
  ["znver5", "zen5"],
  ["znver6", "zen6"],
  ["thunderx2t99", "thunderx2"],
  ["tsv110", "kunpeng920"],
  ["ampere1altra", "altra"],
  ["ampere1altramax", "altra"],
  ["amperealtra", "altra"],
  ["applem1", "m1"],
  ["applem2", "m2"],
  ["applem3", "m3"],
  ["applem4", "m4"],
  ["pwr8", "power8"],
  ["pwr9", "power9"],
  ["spacemitx60", "x60"],
  ["sifiveu74", "u74mc"],
  ["awsgraviton", "graviton"],
  ["awsgraviton2", "graviton2"],
  ["awsgraviton3", "graviton3"],
  ["awsgraviton4", "graviton4"],
  ["graviton3e", "graviton3"],
  ["googleaxion", "axion"],
  ["nvidiagrace", "grace"],
  ["nvidiavera", "vera"],
  ["nvidiaolympus", "olympus"],
];

function bare(text: string): string {
  return text.replace(/[._/-]/g, "");
}

const bySpelling: ReadonlyMap<string, string> = new Map([
  ...[...cpuGraph().keys()].map((name) => [bare(name), name] as const),
  ...spellings,
]);

/** The canonical name that a lower-case spelling of a CPU means; undefined where nobody knows it. */
export function knownCpu(text: string): string | undefined {
  return bySpelling.get(bare(text));
}

interface LevelRule {
  readonly pattern: RegExp;
  /** The CPU's spelling. */
  readonly cpu: (match: RegExpExecArray) => string;
}

/** How levels are written, and which CPU each means, by architecture (GOARCH). */
const levelRules: ReadonlyMap<string, LevelRule> = new Map<string, LevelRule>([
  ["amd64", { pattern: /^v[1-4]$/, cpu: ([level]) => `amd64${level}` }],
  ["arm64", { pattern: /^v?([89])(?:\.(\d))?$/, cpu: ([, major, minor = "0"]) => `armv${major}.${minor}a` }],
  ["arm", { pattern: /^v?([5-8])l?$/, cpu: ([, version]) => (version === "8" ? "armv8l" : `armv${version}`) }],
  ["ppc64le", { pattern: /^power\d+$/, cpu: ([level]) => `${level}le` }],
  ["ppc64", { pattern: /^power\d+$/, cpu: ([level]) => level }],
  ["riscv64", { pattern: /^rva\d\du64$/, cpu: ([level]) => level }],
]);

/** The canonical name of `v3`, `v8.2`, `power9`, `rva22u64` under an architecture (GOARCH); undefined where unknown. */
export function knownLevel(architecture: string, level: string): string | undefined {
  const rule = levelRules.get(architecture);
  const match = rule?.pattern.exec(level);
  return rule === undefined || match === null || match === undefined ? undefined : knownCpu(rule.cpu(match));
}

/** The node of the graph that every CPU of an architecture (GOARCH) is; undefined where the graph has none. */
export function baseCpu(architecture: string): string | undefined {
  switch (architecture) {
    case "386":
      return "x86";
    case "amd64":
    case "arm64":
    case "arm":
    case "ppc64":
    case "ppc64le":
    case "riscv64":
    case "sparc64":
      return knownCpu(architecture);
    default:
      return undefined;
  }
}
