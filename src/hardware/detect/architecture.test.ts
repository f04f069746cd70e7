import { describe, expect, test } from "vitest";
import { formatPlatform } from "../platform.ts";
import { architectureOfMachine } from "./architecture.ts";
import { captureOf } from "./capture.ts";
import { hostOffer } from "./host.ts";

/** `os/architecture[/variant]`, or why the text is refused. */
function answer(text: string): string {
  const capture = captureOf(text);
  const { platform, refused } = hostOffer(capture);
  return platform.architecture === "unknown"
    ? (capture.refused ?? refused ?? "no processor")
    : formatPlatform(platform);
}

/** Each of Linux' architectures as its kernel prints it (arch/*, show_cpuinfo), shortened. */
describe("the architecture of a /proc/cpuinfo", () => {
  const arm32 = "Features\t: half thumb fastmult vfp edsp neon vfpv3\nCPU implementer\t: 0x41\n";
  test.each([
    ["x86-64", "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t: fpu tsc lm sse2\n", "linux/amd64"],
    ["Zhaoxin", "vendor_id\t:   Shanghai  \nflags\t: fpu lm\n", "linux/amd64"],
    ["a vendor of the future", "vendor_id\t: ThirdVendor!\nflags\t: fpu tsc lm\n", "linux/amd64"],
    ["a 32-bit CPU", "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t: fpu tsc cx8 mmx\n", "linux/386"],
    ["a 32-bit kernel", "vendor_id\t: AuthenticAMD\nfdiv_bug\t: no\ncoma_bug\t: no\nflags\t: fpu lm\n", "linux/386"],
    ["z13", "vendor_id       : IBM/S390\nfeatures\t: esan3 zarch stfle\nprocessor 0: machine = 2964\n", "linux/s390x"],
    ["a 31-bit mainframe", "vendor_id : IBM/S390\nfeatures : esan3\n", /s390 is no architecture/],
    ["ARMv7", `processor\t: 0\n${arm32}CPU architecture: 7\nCPU part\t: 0xc07\n`, "linux/arm/v7"],
    [
      "a Raspberry Pi 1",
      `processor\t: 0\nmodel name\t: ARMv6-compatible processor rev 7 (v6l)\n${arm32}CPU architecture: 7\n`,
      "linux/arm/v6",
    ],
    ["ARMv5", `Processor\t: ARM926EJ-S rev 5 (v5l)\n${arm32}CPU architecture: 5TEJ\n`, "linux/arm/v5"],
    [
      "an old ARM kernel",
      `Processor\t: ARMv7 Processor rev 9 (v7l)\nprocessor\t: 0\nBogoMIPS\t: 1987.37\n\nprocessor\t: 1\n\n${arm32}CPU architecture: 7\n\nHardware\t: i.MX6\n`,
      "linux/arm/v7",
    ],
    ["ARMv8 to a 32-bit personality", `processor\t: 0\n${arm32}CPU architecture: 8\n`, "linux/arm/v8"],
    ["arm64", "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n", "linux/arm64"],
    [
      "an old arm64 kernel",
      "Processor\t: AArch64 Processor rev 0 (aarch64)\nprocessor\t: 0\n\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: AArch64\n",
      "linux/arm64",
    ],
    ["POWER9", "processor\t: 0\ncpu\t: POWER9, altivec supported\n\nplatform\t: PowerNV\n", "linux/ppc64le"],
    ["POWER7", "processor\t: 0\ncpu\t: POWER7 (architected), altivec supported\n", "linux/ppc64"],
    ["a Power Mac G5", "processor\t: 0\ncpu\t: PPC970FX, altivec supported\n\ntimebase\t: 33333333\n", "linux/ppc64"],
    ["a Power Mac G4", "processor\t: 0\ncpu\t: 7447A, altivec supported\n", /ppc is no architecture/],
    ["RISC-V", "processor\t: 0\nhart\t: 1\nisa\t: rv64imafdc\n", "linux/riscv64"],
    ["ARC", "IDENTITY\t: ARCVER [0x52] ARCNUM [0]\nprocessor [0]\t: ARC HS38\n", /arc is no architecture/],
    ["32-bit RISC-V", "processor\t: 0\nhart\t: 1\nisa\t: rv32imac\n", /riscv32 is no architecture/],
    ["LoongArch", "processor\t: 0\nCPU Family\t: Loongson-64bit\nISA\t: loongarch32 loongarch64\n", "linux/loong64"],
    [
      "an old LoongArch kernel",
      "processor\t: 0\ncpu family\t: Loongson-64bit\nisa\t: loongarch32 loongarch64\n",
      "linux/loong64",
    ],
    [
      "MIPS",
      "system type\t: Atheros\nprocessor\t: 0\ncpu model\t: MIPS 24Kc V7.4\nisa\t: mips1 mips2 mips32r1\n",
      /MIPS, which does not say its byte order/,
    ],
    [
      "Loongson 3",
      "system type\t: generic-loongson\nprocessor\t: 0\ncpu model\t: ICT Loongson-3 V0.3\nisa\t: mips3 mips64r2\n",
      "linux/mips64le",
    ],
    ["SPARC", "cpu\t: UltraSparc T5 (Niagara5)\ntype\t: sun4v\n", /sparc64 is no architecture/],
    ["32-bit SPARC", "cpu\t: Fujitsu MB86904\ntype\t: sun4m\n", /sparc is no architecture/],
    ["Alpha", "cpu\t: Alpha\ncpu model\t: EV56\nsystem type\t: Miata\n", /alpha is no architecture/],
    ["PA-RISC", "processor\t: 0\ncpu family\t: PA-RISC 2.0\ncpu\t: PA8700 (PCX-W2)\n", /parisc is no architecture/],
    ["Itanium", "processor\t: 0\nvendor\t: GenuineIntel\narch\t: IA-64\nfamily\t: 32\n", /ia64 is no architecture/],
    ["68k", "CPU:\t\t68040\nMMU:\t\t68040\nFPU:\t\t68040\n", /m68k is no architecture/],
    [
      "SuperH",
      "machine\t: RTS7751R2D\nprocessor\t: 0\ncpu family\t: sh4\ncpu type\t: SH7751R\n",
      /sh4 is no architecture/,
    ],
    ["Elbrus", "processor\t: 0\nvendor_id\t: E8C-SWTX\ncpu family\t: 4\n", /e2k is no architecture/],
    ["User Mode Linux", "processor\t: 0\nvendor_id\t: User Mode Linux\nmodel name\t: UML\n", /User Mode Linux/],
  ])("of %s", (_, text, expected) => {
    if (typeof expected === "string") expect(answer(text)).toBe(expected);
    else expect(answer(text)).toMatch(expected);
  });
});

describe("uname -m", () => {
  test.each([
    ["x86_64", "amd64"],
    ["i586", "386"],
    ["aarch64", "arm64"],
    ["armv5tejl", "arm"],
    ["armv6l", "arm"],
    ["ppc64", "ppc64"],
    ["ppc64le", "ppc64le"],
    ["riscv64", "riscv64"],
    ["s390x", "s390x"],
    ["loongarch64", "loong64"],
    ["mipsel", "mipsle"],
    ["mips64el", "mips64le"],
  ])("%s is %s", (machine, architecture) => {
    expect(architectureOfMachine(machine)).toMatchObject({ architecture });
  });

  test.each(["armv7b", "aarch64_be", "ppc", "riscv32", "s390", "alpha", "ia64", "mips", "sparc", "sparc64"])(
    "%s is refused",
    (machine) => {
      expect(architectureOfMachine(machine)).toHaveProperty("refused");
    },
  );

  test("mips and mips64 by their byte order", () => {
    expect(architectureOfMachine("mips", "big")).toMatchObject({ architecture: "mips" });
    expect(architectureOfMachine("mips64", "little")).toMatchObject({ architecture: "mips64le" });
  });
});
