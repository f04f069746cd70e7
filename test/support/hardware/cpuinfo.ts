/** Captures of /proc/cpuinfo as Linux prints them, shortened to the lines that tell a CPU, written for these tests. */
function block(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key.padEnd(16)}: ${value}\n`)
    .join("");
}

function x86(vendor: string, family: number, model: number, name: string, flags: string): string {
  const processor = (index: number) =>
    block({
      processor: String(index),
      vendor_id: vendor,
      "cpu family": String(family),
      model: String(model),
      "model name": name,
      fpu: "yes",
      flags,
      bugs: "spectre_v1 spectre_v2",
      "power management": "",
    });
  return `${processor(0)}\n${processor(1)}\n`;
}

export function arm(implementer: string, part: string, features: string, processor = 0): string {
  return `${block({
    processor: String(processor),
    BogoMIPS: "243.75",
    Features: features,
    "CPU implementer": implementer,
    "CPU architecture": "8",
    "CPU variant": "0x3",
    "CPU part": part,
    "CPU revision": "1",
  })}\n`;
}

const x86Base =
  "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc nopl";
const intelV2 = `${x86Base} pni pclmulqdq ssse3 cx16 sse4_1 sse4_2 x2apic popcnt aes lahf_lm hypervisor`;
const broadwellInfo = `${intelV2} fma movbe xsave avx f16c rdrand abm 3dnowprefetch fsgsbase bmi1 avx2 smep bmi2 erms invpcid rdseed adx smap`;
const skylakeInfo = `${broadwellInfo} clflushopt xsaveopt xsavec xgetbv1`;
const zen3Info = `${broadwellInfo} misalignsse sse4a clzero clflushopt clwb sha_ni xsaveopt xsavec vaes vpclmulqdq pku rdpid`;

export const n1Features =
  "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs";
const v1Features = `${n1Features} jscvt fcma sha3 sha512 sve asimdfhm dit uscat ilrcpc flagm dcpodp svei8mm svebf16 i8mm bf16 dgh rng`;

export const cpuinfos = {
  broadwell: x86("GenuineIntel", 6, 79, "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", broadwellInfo),
  skylake: x86("GenuineIntel", 6, 94, "Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz", skylakeInfo),
  /** A Skylake server whose hypervisor hides AVX-512. */
  maskedSkylake: x86("GenuineIntel", 6, 85, "Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz", skylakeInfo),
  /** qemu64 and the like: nothing above the baseline but SSE3 and CX16. */
  maskedToBaseline: x86("AuthenticAMD", 15, 107, "QEMU Virtual CPU version 2.5+", `${x86Base} pni cx16 hypervisor`),
  zen3: x86("AuthenticAMD", 25, 1, "AMD EPYC 7763 64-Core Processor", zen3Info),
  hygon: x86("HygonGenuine", 24, 0, "Hygon C86 7185 32-core Processor", zen3Info),
  neoverse_n1: arm("0x41", "0xd0c", n1Features),
  neoverse_v1: arm("0x41", "0xd40", v1Features),
  /** A Neoverse V1 whose hypervisor hides SVE. */
  maskedV1: arm("0x41", "0xd40", v1Features.replace(/ sve\w*/g, "")),
  /** Cores of two kinds; the flags of the lesser count. */
  bigLittle: arm("0x41", "0xd40", v1Features) + arm("0x41", "0xd0c", n1Features, 1),
  power9: `${block({ processor: "0", cpu: "POWER9, altivec supported", clock: "2300.000000MHz", revision: "2.2 (pvr 004e 1202)" })}\n${block({ timebase: "512000000", platform: "PowerNV", model: "8335-GTH" })}`,
  emulatedPower: block({ processor: "0", cpu: "Not a Power", vendor_id: "AuthenticAMD" }),
  riscv64: `${block({ processor: "0", hart: "1", isa: "rv64imafdc", mmu: "sv39", uarch: "sifive,u74-mc" })}\n`,
  unknownRiscv64: `${block({ processor: "0", hart: "1", isa: "rv64imafdcv", mmu: "sv48", uarch: "maker,core-9" })}\n`,
} as const;
