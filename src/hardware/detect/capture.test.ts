import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuinfos } from "../../../test/support/hardware/cpuinfo.ts";
import { formatFeature } from "../feature.ts";
import { formatPlatform } from "../platform.ts";
import { captureOf } from "./capture.ts";
import { hostOffer } from "./host.ts";

const cpuOf = (text: string) => {
  const { platform, features } = hostOffer(captureOf(text));
  return [formatPlatform(platform), features.map(formatFeature).find((each) => each.startsWith("cpu:"))];
};

/** Shortened from what util-linux 2.39 prints. */
const lscpu = {
  skylake: `Architecture:            x86_64
  CPU op-mode(s):        32-bit, 64-bit
  Byte Order:            Little Endian
CPU(s):                  8
Vendor ID:               GenuineIntel
  Model name:            Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz
    CPU family:          6
    Model:               94
    Flags:               ${/flags\s*: (.*)/.exec(cpuinfos.skylake)?.[1]}
`,
  n1: `Architecture:           aarch64
  Byte Order:           Little Endian
CPU(s):                 4
Vendor ID:              ARM
  Model name:           Neoverse-N1
    Model:              1
    Flags:              fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
`,
  m1: `Architecture:           aarch64
  Byte Order:           Little Endian
CPU(s):                 8
Vendor ID:              Apple
  Model name:           Icestorm-M1
  Model name:           Firestorm-M1
    Flags:              fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 asimddp sha512 asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg dcpodp flagm2 frint
`,
  s390x: "Architecture: s390x\nByte Order: Big Endian\nCPU(s): 2\nVendor ID: IBM/S390\nMachine type: 8561\n",
  json: '{\n   "lscpu": [\n      {\n         "field": "Architecture:",\n         "data": "ppc64le"\n      },{\n         "field": "CPU(s):",\n         "data": "8"\n      },{\n         "field": "Model name:",\n         "data": "POWER9, altivec supported"\n      }\n   ]\n}\n',
};

describe("lscpu", () => {
  test.each([
    ["of x86-64", lscpu.skylake, ["linux/amd64", "cpu:skylake"]],
    ["of arm64", lscpu.n1, ["linux/arm64", "cpu:neoverse_n1"]],
    ["of cores of two kinds", lscpu.m1, ["linux/arm64", "cpu:m1"]],
    ["of a mainframe", lscpu.s390x, ["linux/s390x", "cpu:s390x"]],
    ["in JSON", lscpu.json, ["linux/ppc64le", "cpu:power9le"]],
    [
      "as PowerShell saves it",
      Buffer.from(`\uFEFF${lscpu.n1}`, "utf16le").toString("utf8"),
      ["linux/arm64", "cpu:neoverse_n1"],
    ],
    ["from a Windows editor", `\uFEFF${lscpu.n1.replaceAll("\n", "\r\n")}`, ["linux/arm64", "cpu:neoverse_n1"]],
  ])("%s", (_, text, expected) => {
    expect(cpuOf(text)).toEqual(expected);
  });
});

/** `go tool dist list` of Go 1.26, by the names that lscpu has for them (uname -m), and the other Linux ports. */
describe("lscpu of every Linux architecture that Go names, and of those that it does not", () => {
  const big = "Byte Order: Big Endian\n";
  const little = "Byte Order: Little Endian\n";
  test.each([
    ["x86_64", little, "amd64"],
    ["i686", little, "386"],
    ["armv6l", little, "arm/v6"],
    ["armv7l", little, "arm/v7"],
    ["armv8l", little, "arm/v8"],
    ["aarch64", little, "arm64"],
    ["loongarch64", little, "loong64"],
    ["mips", big, "mips"],
    ["mips", little, "mipsle"],
    ["mips64", big, "mips64"],
    ["mips64", little, "mips64le"],
    ["ppc64", big, "ppc64"],
    ["ppc64le", little, "ppc64le"],
    ["riscv64", little, "riscv64"],
    ["s390x", big, "s390x"],
  ])("%s, %s", (machine, order, expected) => {
    const { platform } = hostOffer(captureOf(`Architecture: ${machine}\n${order}CPU(s): 2\n`));
    expect(formatPlatform(platform)).toBe(`linux/${expected}`);
  });

  test.each([
    "alpha",
    "armv7b",
    "aarch64_be",
    "ia64",
    "m68k",
    "parisc",
    "ppc",
    "riscv32",
    "s390",
    "sh4a",
    "sparc",
    "sparc64",
    "e2k",
  ])("%s is refused by its name", (machine) => {
    const capture = captureOf(`Architecture: ${machine}\nCPU(s): 2\n`);
    const { platform, refused } = hostOffer(capture);
    expect(platform.architecture).toBe("unknown");
    expect(capture.refused ?? refused).toContain(machine);
  });
});

describe("texts that name no CPU are told apart", () => {
  test.each([
    ["Windows", "Host Name:  PC\nOS Name:                   Microsoft Windows Server 2022 Standard\n"],
    ["Windows", "PROCESSOR_IDENTIFIER=Intel64 Family 6 Model 85 Stepping 7, GenuineIntel\n"],
    ["macOS", "Hardware:\n\n    Hardware Overview:\n\n      Chip: Apple M1\n"],
    ["macOS", "hw.machine: arm64\nhw.ncpu: 8\n"],
    ["another language", "Architektur:                     x86_64\nCPU(s):   8\n"],
    // util-linux, po/*.po: "Architecture:" of lscpu.
    ["another language", "Architecture :                          x86_64\nProcesseur(s) :                         8\n"],
    ["another language", "Architecture\u00A0:                     aarch64\nProcesseur(s)\u00A0: 8\n"],
    ["another language", "アーキテクチャ:                         x86_64\nCPU:    8\n"],
    ["another language", "架构：                           x86_64\nCPU 运行模式：32-bit, 64-bit\n"],
    ["another language", "架構：                           aarch64\nCPU(s)： 8\n"],
    ["another language", "아키텍처:                        x86_64\nCPU:     8\n"],
    ["another language", "Архитектура:                     riscv64\nCPU(s):  8\n"],
    ["another language", "Архітектура:                     ppc64le\nПроцесори: 8\n"],
    ["another language", "Architektura:                    s390x\nCPU:     8\n"],
    ["another language", "Mimari:                          armv7l\nCPU:     8\n"],
    ["another language", "Arkitektur:                      mips64\nCPU:     8\n"],
    [
      "Windows",
      "Hostname:                 PC\nBetriebssystemname:       Microsoft Windows 11 Pro\nSystemtyp:                x64-based PC\n",
    ],
    ["Windows", "Type du système:          x64-based PC\n"],
    ["Windows", "Type du syst\u00E8me\u00A0:\u00A0ARM64-based PC\n"],
    ["Windows", "系统类型:         x64-based PC\n"],
    ["Windows", "システムの種類:         x86-based PC\n"],
    [
      "Windows",
      "Caption                               DeviceID  Manufacturer\nIntel64 Family 6 Model 158 Stepping 10  CPU0      GenuineIntel\n",
    ],
    ["Windows", "Caption           : Intel64 Family 6 Model 85 Stepping 7\nDeviceID          : CPU0\n"],
    ["Windows", "Caption : AMD64 Family 25 Model 33 Stepping 2\n"],
    ["Windows", "Caption : ARMv8 (64-bit) Family 8 Model D4B Revision   0\n"],
    ["Windows", "[01]: ARMv8 Family 8 Model D0C Revision 301 Qualcomm\n"],
    [
      "Windows",
      "Prozessor(en):  1 Prozessor(en) installiert.\n  [01]: Intel64 Family 6 Model 142 Stepping 10 GenuineIntel ~1801 MHz\n",
    ],
    ["JSON", '{"a": 1}'],
    ["a manifest", "apiVersion: v1\nkind: Node\n"],
  ])("%s", (what, text) => {
    expect(captureOf(text).refused).toContain(what);
    expect(hostOffer(captureOf(text)).platform.architecture).toBe("unknown");
  });
});

test("a kernel's own text is none of them", () => {
  const kernel = "processor : 0\nvendor_id : GenuineIntel\nmodel name : x86_64\nflags : fpu lm\nSystem : x86_64\n";
  for (const text of Object.values(cpuinfos)) expect(captureOf(text).refused).toBeUndefined();
  for (const text of Object.values(lscpu)) expect(captureOf(text).refused).toBeUndefined();
  expect(formatPlatform(hostOffer(captureOf(kernel)).platform)).toBe("linux/amd64");
});

test("any text has one platform and one CPU in the time that its length takes", { timeout: 60_000 }, () => {
  const words = fc.constantFrom(
    ...Object.values(cpuinfos),
    ...Object.values(lscpu),
    "processor : 0\n",
    "\n",
    " ",
    "machdep.cpu.brand_string: Apple M2\n",
    "CPU part : 0xd0b\n",
    "{",
    '"field": "',
    "\u0000",
  );
  const text = fc
    .array(fc.oneof(words, fc.string({ unit: "binary" })), { maxLength: 12 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (part, times) => {
      const { platform, features } = hostOffer(captureOf(part.repeat(times)));
      expect(platform.architecture).not.toBe("");
      expect(features.filter(({ namespace }) => namespace === "cpu")).toHaveLength(1);
    }),
  );
});

test.each([
  ["blanks", " "],
  ["line ends", "\n"],
  ["colons", ":"],
  ["braces", "{"],
  ["fields", '"field": "'],
  ["blocks without an end", "a: b\n\n"],
  ["processors that all differ", undefined],
])("four megabytes of %s take no longer than to read them", { timeout: 60_000 }, (_, piece) => {
  const size = 4 * 1024 * 1024;
  const differing = (index: number) => `processor : ${index}\nFeatures : f${index}\nCPU implementer : 0x41\n\n`;
  const text = piece?.repeat(size / piece.length) ?? Array.from({ length: size / 60 }, (_, i) => differing(i)).join("");
  const started = process.cpuUsage();
  hostOffer(captureOf(text));
  // µs of processor time; looked at again for each of them, it would be hours.
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(20);
});
