import { describe, expect, test } from "vitest";
import { arm, cpuinfos, n1Features } from "../../../test/support/hardware/cpuinfo.ts";
import { archspecName } from "./archspec.ts";
import { maxCpuinfoLength, parseCpuinfo } from "./cpuinfo.ts";

describe("the CPU of a capture", () => {
  test.each<[keyof typeof cpuinfos, string, string?]>([
    ["broadwell", "broadwell"],
    ["skylake", "skylake"],
    ["maskedSkylake", "skylake"],
    ["maskedToBaseline", "x86_64"],
    ["zen3", "zen3"],
    ["hygon", "x86_64_v3"],
    ["neoverse_n1", "neoverse_n1"],
    ["neoverse_v1", "neoverse_v1"],
    ["maskedV1", "neoverse_n1"],
    ["bigLittle", "neoverse_n1"],
    ["power9", "power9le"],
    ["power9", "power9", "ppc64"],
    ["power9", "power9le", "ppc64le"],
    ["emulatedPower", "ppc64le", "ppc64le"],
    ["riscv64", "u74mc"],
    ["unknownRiscv64", "riscv64"],
    ["skylake", "x86", "i686"],
    ["neoverse_n1", "arm", "armv7l"],
    ["skylake", "s390x", "s390x"],
  ])("%s is %s (uname -m: %s)", (capture, name, machine) => {
    expect(archspecName(parseCpuinfo(cpuinfos[capture], machine))).toBe(name);
  });

  test("of another implementer is no ARM part, whatever its number", () => {
    // An Apple M4 under a hypervisor shows all flags of neoverse_v1, but is none.
    expect(archspecName(parseCpuinfo(arm("0x61", "0xd40", n1Features)))).toBe("aarch64");
  });

  test("of a part that archspec lacks is the best of its maker that the flags allow", () => {
    expect(archspecName(parseCpuinfo(arm("0x41", "0xd8e", n1Features)))).toBe("neoverse_n1");
  });
});

describe("what cannot be read", () => {
  test.each([
    ["nothing", "", "unknown"],
    ["no fields", "hello\nworld\n", "unknown"],
    ["fields of no CPU", "a: b\n\u0000: \u0000\n", "unknown"],
    ["only a vendor", "vendor_id : GenuineIntel\n", "x86_64"],
    ["several kinds of RISC-V cores", "hart: 0\nuarch: sifive,u74-mc\n\nhart: 1\nuarch: spacemit,x60\n", "riscv64"],
    [
      "RISC-V cores beside those without a name",
      "hart: 0\nmodel name: Spacemit(R) X60\n\nhart: 1\nmodel name: A\n",
      "riscv64",
    ],
    ["one kind of RISC-V cores", "hart: 0\nuarch: spacemit,x60\n\nhart: 1\nmodel name: Spacemit(R) X60\n", "x60"],
    ["a name of a property for RISC-V", "hart: 0\nuarch: constructor\n", "riscv64"],
  ])("%s is a family at least", (_, text, family) => {
    expect(archspecName(parseCpuinfo(text))).toBe(family);
  });

  test("text past the limit is not read", () => {
    const far = `${" ".repeat(maxCpuinfoLength)}\n${cpuinfos.skylake}`;
    expect(parseCpuinfo(far).family).toBe("unknown");
  });
});

test("what an old ARM kernel says of all processors at the end counts for each", () => {
  const end = "Features\t: half thumb neon\nCPU implementer\t: 0x41\nCPU architecture: 7\nCPU part\t: 0xc09\n";
  const cpu = parseCpuinfo(`Processor\t: ARMv7 rev 10 (v7l)\nprocessor\t: 0\n\nprocessor\t: 1\n\n${end}`);
  expect(cpu).toMatchObject({ vendor: "ARM", cpupart: "0xc09", platform: { architecture: "arm", variant: "v7" } });
  expect([...cpu.flags]).toEqual(["half", "thumb", "neon"]);
});

test("all processors of a large machine count", () => {
  const processors = Array.from({ length: 512 }, (_, index) => arm("0x41", "0xd0c", n1Features, index));
  const lesser = arm("0x41", "0xd0c", n1Features.replace(" atomics", ""), 512);
  expect(parseCpuinfo(processors.join("") + lesser).flags.has("atomics")).toBe(false);
  expect(parseCpuinfo(lesser + processors.join("")).flags.has("atomics")).toBe(false);
});

test("sse3 is taken from ssse3, as archspec does", () => {
  expect(parseCpuinfo("vendor_id: x\nflags: pni").flags).toEqual(new Set(["pni"]));
  expect(parseCpuinfo("vendor_id: x\nflags: ssse3").flags).toEqual(new Set(["ssse3", "sse3"]));
});
