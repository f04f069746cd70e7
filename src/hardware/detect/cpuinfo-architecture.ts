import { quote } from "../error.ts";
import { type Architecture, notOfGo, unknownByteOrder } from "./architecture.ts";

/** The fields of a /proc/cpuinfo, keys in lower case, the first of each. */
export type CpuinfoFields = ReadonlyMap<string, string>;

type Rule = (fields: CpuinfoFields) => Architecture | undefined;

/**
 * The architecture of a `/proc/cpuinfo`, by the fields that its kernel writes. Each of Linux' architectures writes its
 * own (show_cpuinfo in arch/*: x86 kernel/cpu/proc.c, arm kernel/setup.c, arm64 kernel/cpuinfo.c, powerpc
 * kernel/setup-common.c, s390 kernel/processor.c, riscv kernel/cpu.c, mips and loongarch kernel/proc.c, …), and several
 * share `cpu`, `isa` and `vendor_id`: a field alone shows nothing, its value does. Undefined where no processor is
 * named.
 */
export function architectureOfCpuinfo(fields: CpuinfoFields): Architecture | undefined {
  for (const rule of rules) {
    const found = rule(fields);
    if (found !== undefined) return found;
  }
  return undefined;
}

const s390: Rule = (fields) => {
  if (!/^IBM\/S390/i.test(fields.get("vendor_id") ?? "")) return undefined;
  const features = words(fields.get("features"));
  // A 31-bit kernel on a machine without z/Architecture; no such machine runs a kernel of this century.
  return features.size > 0 && !features.has("zarch") && features.has("esan3")
    ? notOfGo("s390")
    : { family: "s390x", architecture: "s390x" };
};

const loongarch: Rule = (fields) => {
  const isa = words(fields.get("isa")?.toLowerCase());
  const family = fields.get("cpu family") ?? "";
  if (isa.has("loongarch64") || /^Loongson-64bit/i.test(family)) {
    return { family: "loongarch64", architecture: "loong64" };
  }
  return isa.has("loongarch32") || isa.has("loongarch32r") ? notOfGo("loongarch32") : undefined;
};

const riscv: Rule = (fields) => {
  const isa = fields.get("isa")?.toLowerCase() ?? "";
  if (isa.startsWith("rv32")) return notOfGo("riscv32");
  return isa.startsWith("rv64") || fields.has("hart") ? { family: "riscv64", architecture: "riscv64" } : undefined;
};

/** MIPS does not say its byte order; Loongson 2 and 3 run little-endian only. */
const mips: Rule = (fields) => {
  const model = fields.get("cpu model") ?? "";
  const isMips =
    /\bmips/i.test(fields.get("isa") ?? "") ||
    fields.has("ases implemented") ||
    (fields.has("system type") && fields.has("cpu model") && !/alpha/i.test(fields.get("cpu") ?? ""));
  if (!isMips) return undefined;
  return /Loongson-[23]|Godson/i.test(model) ? { family: "mips64el", architecture: "mips64le" } : unknownByteOrder;
};

const arm: Rule = (fields) => {
  const isArm = fields.has("cpu implementer") || /^(ARM|AArch64|StrongARM|XScale)/i.test(fields.get("processor") ?? "");
  if (!isArm) return undefined;
  const features = words(fields.get("features"));
  const architecture = fields.get("cpu architecture")?.toLowerCase() ?? "";
  // Only the 32-bit kernel, and the 64-bit one to a 32-bit personality, name these (uapi/asm/hwcap.h of arm and arm64).
  const narrow = ["half", "thumb", "fastmult", "swp", "vfp", "edsp"].some((flag) => features.has(flag));
  const wide = features.has("asimd") || features.has("fp") || architecture === "aarch64";
  if (wide && !narrow) return { family: "aarch64", architecture: "arm64" };
  const level = armLevel(architecture, fields);
  if (level === undefined) return { refused: `its ARM architecture is ${quote(architecture)}, which nobody knows` };
  return level === 8 && !narrow
    ? { family: "aarch64", architecture: "arm64" }
    : { family: "arm", architecture: "arm", variant: `v${level}` };
};

/**
 * "CPU architecture", as container runtimes read it (containerd, platforms/cpuinfo_linux.go): a Raspberry Pi's ARM1176
 * says 7 beside the model name "ARMv6-compatible". 8 where the field is missing: arm64 kernels always had an
 * implementer.
 */
function armLevel(architecture: string, fields: CpuinfoFields): number | undefined {
  const name = `${fields.get("model name") ?? ""} ${fields.get("processor") ?? ""}`;
  if (/ARMv6-compatible/i.test(name)) return 6;
  if (architecture === "") return Number(/ARMv([4-8])/i.exec(name)?.[1] ?? 8);
  // "?(12)" to "?(17)": what kernels before 3.x wrote for ARMv7.
  if (/^\?\(1[2-7]\)$/.test(architecture)) return 7;
  const digit = /^(?:armv)?([4-9])(?:t|te|tej|m|l)?$/.exec(architecture)?.[1];
  return digit === undefined ? undefined : Math.min(Number(digit), 8);
}

/** Cores of powerpc whose kernels are 64-bit (arch/powerpc/kernel/cpu_specs*.h); POWER8 and later run either byte order. */
const bigEndianPower = /^(POWER[3-7]\b|RS64|PPC970|970|Cell|PA6T|A2\b|e5500|e6500)/i;

const power: Rule = (fields) => {
  const cpu = fields.get("cpu") ?? "";
  const platform = fields.get("platform") ?? "";
  const generation = /^POWER(\d{1,3})/.exec(cpu)?.[1];
  if (generation !== undefined && Number(generation) >= 8) {
    // It does not tell the byte order. Little-endian Linux needs POWER8 (OpenPOWER ELFv2 ABI, 1.1), and Kubernetes is
    // built for that alone (kubernetes, hack/lib/golang.sh, server platforms).
    return { family: "ppc64le", architecture: "ppc64le" };
  }
  if (bigEndianPower.test(cpu)) return { family: "ppc64", architecture: "ppc64" };
  const isPower =
    /altivec|^(e500|e300|\d{3,4}[A-Z]{0,3}\b|PPC|604|603|82xx|8xx)/i.test(cpu) ||
    (cpu !== "" && fields.has("timebase")) ||
    /^(pSeries|PowerNV|CHRP|PowerMac)$/i.test(platform);
  return isPower ? notOfGo("ppc") : undefined;
};

const sparc: Rule = (fields) => {
  const type = fields.get("type") ?? "";
  if (!/^sun4/i.test(type)) return undefined;
  return notOfGo(/^sun4[uv]/i.test(type) ? "sparc64" : "sparc");
};

/** arch/x86/kernel/cpu/: what CPUID leaf 0 spells; others exist, and their flags show them. */
const x86Vendors =
  /^(GenuineIntel|AuthenticAMD|HygonGenuine|CentaurHauls|Shanghai|CyrixInstead|Geode by NSC|TransmetaCPU|GenuineTMx86|NexGenDriven|UMC UMC UMC|SiS SiS SiS|RiseRiseRise|VIA VIA VIA|Vortex86 SoC|GenuineRDC)$/i;
const x86Flags = ["fpu", "tsc", "msr", "cx8", "mmx", "sse", "sse2", "pni", "ssse3", "lm", "avx", "avx2"];

const x86: Rule = (fields) => {
  const flags = words(fields.get("flags"));
  const isX86 = x86Vendors.test(fields.get("vendor_id") ?? "") || x86Flags.some((flag) => flags.has(flag));
  if (!isX86) return undefined;
  // Only a 32-bit kernel writes of these bugs (show_cpuinfo_misc). A complete list of flags has fpu, and a 64-bit CPU lm.
  const narrow = ["fdiv_bug", "f00f_bug", "coma_bug", "hlt_bug"].some((field) => fields.has(field));
  return narrow || (flags.has("fpu") && !flags.has("lm"))
    ? { family: "x86", architecture: "386" }
    : { family: "x86_64", architecture: "amd64" };
};

/** Fields and values that other kernels write: recognised so that the refusal can say what it is. */
const others: readonly (readonly [field: string, value: RegExp, name: string])[] = [
  ["cpu", /^Alpha/i, "alpha"],
  ["cpu family", /^PA-RISC/i, "parisc"],
  ["arch", /^IA-64/i, "ia64"],
  ["cpu", /^68\d{3}|ColdFire/i, "m68k"],
  ["cpu family", /^sh\d/i, "sh4"],
  ["cpu-family", /MicroBlaze/i, "microblaze"],
  ["cpu", /^Nios/i, "nios2"],
  ["cpu architecture", /OpenRISC/i, "openrisc"],
  ["cpu", /^OpenRISC/i, "openrisc"],
  ["vendor_id", /^(Tensilica|Cadence)/i, "xtensa"],
  ["processor family", /^ARC/i, "arc"],
  ["identity", /^ARCVER/i, "arc"],
  ["c-sky cpu model", /./, "csky"],
  ["model name", /^Hexagon/i, "hexagon"],
  ["vendor_id", /^(E2K|E\d{1,2}[A-Z]|MCST|Elbrus)/i, "e2k"],
  ["vendor_id", /^Tilera/i, "tilegx"],
];

const other: Rule = (fields) => {
  if (/^User Mode Linux/i.test(fields.get("vendor_id") ?? "")) {
    return { refused: "it is User Mode Linux, which does not say what its host is" };
  }
  const [, , name] = others.find(([field, value]) => value.test(fields.get(field) ?? "")) ?? [];
  return name === undefined ? undefined : notOfGo(name);
};

const rules: readonly Rule[] = [other, s390, loongarch, riscv, mips, arm, sparc, x86, power];

function words(text: string | undefined): ReadonlySet<string> {
  return new Set((text ?? "").split(/\s+/).filter((word) => word !== ""));
}
