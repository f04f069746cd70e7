import { describe, expect, test } from "vitest";
import {
  avx512Flags,
  cpuOf,
  haswellFlags,
  nfd,
  nfdFlags,
  node,
  skylakeFlags,
} from "../../../test/support/hardware/nodes.ts";
import { nfdLabels } from "./nfd.ts";

const server = `${skylakeFlags} ${avx512Flags}`;
const icelake = `${server} AVX512VNNI AVX512VBMI AVX512IFMA AVX512VBMI2 AVX512BITALG AVX512VPOPCNTDQ GFNI SHA VAES VPCLMULQDQ`;
const zen3 = `${haswellFlags} ADX CLZERO SHA SSE4A VAES VPCLMULQDQ`;
const zen5 = `${icelake} CLZERO SSE4A AVX512BF16 AVX512VP2INTERSECT AVXVNNI MOVDIR64B MOVDIRI`;

describe("names from ids that the flags do not contradict", () => {
  test.each([
    ["broadwell", nfd(["Intel", 6, 79], `${haswellFlags} ADX`)],
    ["skylake", nfd(["Intel", 6, 94], skylakeFlags)],
    ["skylake_avx512", nfd(["Intel", 6, 85], server)],
    ["cascadelake", nfd(["Intel", 6, 85], `${server} AVX512VNNI`)],
    ["cooperlake", nfd(["Intel", 6, 85], `${server} AVX512VNNI AVX512BF16`)],
    ["icelake", nfd(["Intel", 6, 106], icelake)],
    ["zen3", nfd(["AMD", 25, 1], zen3)],
    ["zen5", nfd(["AMD", 26, 2], zen5)],
    ["zen6", nfd(["AMD", 26, 81], `${zen5} AVX512FP16`)],
    ["haswell", nfd(["Intel", 6, 63], haswellFlags, { "cpu-cpuid.X86_64_V3": "true", "cpu-cpuid.X86_64_V2": "true" })],
  ])("%s", (name, labels) => {
    const said = nfdLabels(node(labels), "amd64");
    expect(cpuOf(said)).toEqual([`cpu:${name}`]);
    expect(said.notes).toEqual([]);
  });

  test("what NFD hides, never knew, or an old one did not know yet contradicts nothing", () => {
    // No SSE, BMI, F16C, LZCNT, POPCNT, CX16 (hidden), no clflushopt, clwb (never), no MOVBE, XSAVE, LAHF (2021).
    const labels = nfd(["Intel", 6, 85], `AESNI ADX AVX AVX2 FMA3 ${avx512Flags}`);
    expect(cpuOf(nfdLabels(node(labels), "amd64"))).toEqual(["cpu:skylake_avx512"]);
  });

  test("the ids alone, with NFD's flags switched off", () => {
    expect(cpuOf(nfdLabels(node(nfd(["Intel", 6, 94], "")), "amd64"))).toEqual(["cpu:skylake"]);
    const bare = nfd(["Intel", 6, 94], "", { "cpu-model.hypervisor": "none" });
    expect(cpuOf(nfdLabels(node(bare), "amd64"))).toEqual(["cpu:skylake"]);
  });
});

describe("virtual machines that mask flags", () => {
  test.each([
    [
      "skylake",
      nfd(["Intel", 6, 85], skylakeFlags),
      "skylake_avx512",
      "avx512bw, avx512cd, avx512dq, avx512f and 1 more",
    ],
    // F16C and RDRAND, which would make it an Ivy Bridge, NFD hides: nothing speaks for them.
    [
      "sandybridge",
      nfd(["Intel", 6, 94], "AESNI AVX CMPXCHG8 FXSR LAHF OSXSAVE X87 XSAVE"),
      "skylake",
      "adx, avx2, fma, movbe",
    ],
    ["sandybridge", nfd(["Intel", 6, 94], "AESNI ADX AVX AVX2 LAHF"), "skylake", "fma"],
    ["x86_64", nfd(["Intel", 6, 42], "CMPXCHG8 FXSR X87"), "sandybridge", "aes, avx, lahf_lm, xsave"],
    ["x86_64_v3", nfd(["AMD", 25, 1], haswellFlags), "zen3", "sse4a, vaes, vpclmulqdq"],
  ])("are %s", (level, labels, name, missing) => {
    const said = nfdLabels(node(labels), "amd64");
    expect(cpuOf(said)).toEqual([`cpu:${level}`]);
    expect(said.notes).toEqual([
      `The CPU's ids say ${name}, but the labels lack ${missing}: it is offered as ${level}.`,
    ]);
  });

  test("a level label that stops below the name", () => {
    const labels = nfd(["Intel", 6, 94], skylakeFlags, {
      "cpu-cpuid.X86_64_V1": "true",
      "cpu-cpuid.X86_64_V2": "true",
    });
    const said = nfdLabels(node(labels), "amd64");
    expect(cpuOf(said)).toEqual(["cpu:sandybridge"]);
    expect(said.notes).toEqual([
      "The CPU's ids say skylake, but the labels stop at level x86_64_v2: it is offered as sandybridge.",
    ]);
  });

  test("an old model with newer flags is what its flags prove", () => {
    expect(cpuOf(nfdLabels(node(nfd(["Intel", 6, 26], haswellFlags)), "amd64"))).toEqual(["cpu:x86_64_v3"]);
  });

  test("ids without flags prove nothing in a virtual machine", () => {
    const said = nfdLabels(node(nfd(["Intel", 6, 85], "", { "cpu-model.hypervisor": "kvm" })), "amd64");
    expect(cpuOf(said)).toEqual(["cpu:x86_64"]);
    expect(said.notes[0]).toContain('virtual machine ("kvm")');
  });
});

describe("levels", () => {
  test.each([
    ["x86_64_v4", nfdFlags("AVX2 FMA3 X86_64_V1 X86_64_V2 X86_64_V3 X86_64_V4")],
    ["x86_64_v2", nfdFlags(`${haswellFlags} X86_64_V1 X86_64_V2`)],
    ["x86_64_v3", nfdFlags(haswellFlags)],
    ["x86_64_v4", nfdFlags(`${haswellFlags} ${avx512Flags}`)],
    ["x86_64_v3", nfdFlags(`${haswellFlags} AVX512F AVX512BW AVX512CD AVX512DQ`)],
    ["x86_64_v2", nfdFlags("AVX AVX2 FMA3 LAHF MOVBE")],
    ["x86_64", nfdFlags("AESNI")],
    ["x86_64_v3", nfd(["Hygon", 24, 0], haswellFlags)],
    ["x86_64_v4", nfd(["Intel", 6, 250], `${haswellFlags} ${avx512Flags}`)],
  ])("%s", (level, labels) => {
    expect(cpuOf(nfdLabels(node(labels), "amd64"))).toEqual([`cpu:${level}`]);
  });

  test("labels of NFD before 0.4", () => {
    const labels = Object.fromEntries(
      haswellFlags.split(" ").map((flag) => [`feature.node.kubernetes.io/cpuid-${flag}`, "true"]),
    );
    expect(cpuOf(nfdLabels(node(labels), "amd64"))).toEqual(["cpu:x86_64_v3"]);
  });

  test("a flag said to be false is none", () => {
    const labels = { ...nfdFlags(haswellFlags), "feature.node.kubernetes.io/cpu-cpuid.AVX2": "false" };
    expect(cpuOf(nfdLabels(node(labels), "amd64"))).toEqual(["cpu:x86_64_v2"]);
  });
});

describe("arm64", () => {
  const n1 = "AES ASIMD ASIMDDP ASIMDHP ASIMDRDM ATOMICS CPUID CRC32 DCPOP EVTSTRM FP FPHP LRCPC PMULL SHA1 SHA2 SSBS";
  const v1 = `${n1} ASIMDFHM DIT FCMA FLAGM ILRCPC JSCVT SHA3 SHA512 SVE USCAT BF16 DCPODP DGH I8MM RNG SVEBF16 SVEI8MM`;
  test.each([
    // The id is the low half of MIDR_EL1: part << 4 | revision.
    ["neoverse_n1", ["ARM", 8, 0xd0c1], n1],
    ["neoverse_v1", ["ARM", 8, 0xd401], v1],
    // An NFD that publishes no bit of HWCAP2 does not say that they are missing.
    ["neoverse_v1", ["ARM", 8, 0xd401], v1.replace(/ (BF16|DCPODP|DGH|I8MM|RNG|SVEBF16|SVEI8MM)/g, "")],
    ["neoverse_n3", ["ARM", 8, 0xd8e0], `${v1} FRINT FLAGM2 SB SVE2`],
    ["cortex_a72", ["ARM", 8, 0xd083], "AES ASIMD CPUID CRC32 EVTSTRM FP PMULL SHA1 SHA2"],
    ["cortex_a76", ["ARM", 8, 0xd0b1], n1],
    ["ampere1", ["Ampere", 8, 0xac30], ""],
    ["a64fx", ["Fujitsu", 8, 0x0010], ""],
    // A part that nobody knows is what its flags prove: to archspec those of Arm's, and else a level.
    ["neoverse_n1", ["ARM", 8, 0xfff0], n1],
    ["armv8.2a", ["Qualcomm", 8, 0xd0c1], n1],
  ] as const)("%s", (name, ids, flags) => {
    expect(cpuOf(nfdLabels(node(nfd(ids, flags)), "arm64"))).toEqual([`cpu:${name}`]);
  });

  test("SVE masked away: the nearest ancestor that nothing contradicts", () => {
    const said = nfdLabels(node(nfd(["ARM", 8, 0xd401], v1.replace(/ (SVE\w*)/g, ""))), "arm64");
    expect(cpuOf(said)).toEqual(["cpu:neoverse_n1"]);
    expect(said.notes).toEqual([
      "The CPU's ids say neoverse_v1, but the labels lack sve, svebf16, svei8mm: it is offered as neoverse_n1.",
    ]);
  });
});

test.each([
  ["ppc64le", ""],
  ["power8le", "ARCH_2_07 VSX"],
  ["power9le", "ARCH_2_07 ARCH_3_00 DARN"],
  ["power10le", "ARCH_2_07 ARCH_3_00 ARCH_3_1 MMA"],
])("%s by its instruction set", (name, flags) => {
  const labels = nfd(["VendorUnknown", 0, 0], flags);
  expect(nfdLabels(node(labels, { architecture: "ppc64le" }), "ppc64le").features).toEqual([`cpu:${name}`]);
});

test("flags are offered by archspec's names, and only those that images are built for", () => {
  const said = nfdLabels(node(nfdFlags("AVX2 FMA3 AVX512VNNI SSE4.1 IBPB HYPERVISOR FLUSH_L1D SME VMX")), "amd64");
  expect(said.features).toEqual(["cpu:x86_64", "cpuflag:avx2", "cpuflag:avx512_vnni", "cpuflag:fma", "cpuflag:sse4_1"]);
});

test.each([
  [{}],
  [{ "feature.node.kubernetes.io/cpu-hardware_multithreading": "true" }],
  [{ "nvidia.com/gpu.count": "1" }],
])("says nothing without labels of the CPU: %j", (labels) => {
  expect(nfdLabels(node(labels), "amd64").features).toEqual([]);
});

test("ids that are no decimal numbers are none", () => {
  const labels = { ...nfd(["Intel", 6, 94], haswellFlags), "feature.node.kubernetes.io/cpu-model.id": "0x5e" };
  expect(cpuOf(nfdLabels(node(labels), "amd64"))).toEqual(["cpu:x86_64_v3"]);
});

describe("labels of a CPU that the kubelet's machine cannot have", () => {
  test.each([
    ["arm64", nfd(["Intel", 6, 94], skylakeFlags), ["cpu:aarch64"]],
    ["arm64", nfd(["AMD", 25, 1], zen3), ["cpu:aarch64"]],
    ["amd64", nfd(["ARM", 8, 0xd0c], "ASIMD AES"), ["cpu:x86_64"]],
    ["ppc64le", nfd(["Intel", 6, 94], skylakeFlags), ["cpu:ppc64le"]],
    ["s390x", nfd(["Intel", 6, 94], skylakeFlags), []],
    ["riscv64", nfd(["ARM", 8, 0xd0c], "ASIMD AES"), ["cpu:riscv64"]],
  ])("%s: nothing of them counts, and the vendor's label is named", (architecture, labels, features) => {
    const said = nfdLabels(node(labels), architecture);
    expect(said.features).toEqual(features);
    expect(said.notes).toHaveLength(1);
    expect(said.notes[0]).toMatch(/cpu-model\.vendor_id \("(Intel|AMD|ARM)"\) contradicts the kubelet, which reports /);
    expect(said.notes[0]).toContain(architecture);
  });

  test.each([
    ["386", nfd(["Intel", 6, 94], skylakeFlags)],
    ["amd64", nfd(["VIA", 7, 0x5b], skylakeFlags)],
    ["arm", nfd(["ARM", 8, 0xd0c], "NEON VFPV4")],
    ["arm64", nfd(["AMCC", 8, 0], "ASIMD AES")],
  ])("%s: its own makers do not contradict it", (architecture, labels) => {
    expect(nfdLabels(node(labels), architecture).notes.filter((note) => note.includes("kubelet"))).toEqual([]);
  });

  // klauspost/cpuid, Vendor: makers of the one, and of the other.
  test.each([
    ["amd64", "AMCC Ampere Apple ARM Broadcom Cavium Fujitsu Marvell NVIDIA Qualcomm"],
    ["arm64", "AMD Hygon Intel NSC RDC SiS Transmeta VIA"],
  ])("%s: none of %s makes one", (architecture, vendors) => {
    for (const vendor of vendors.split(" ")) {
      const { notes } = nfdLabels(node(nfd([vendor, 6, 1], "AES")), architecture);
      expect(notes).toEqual([expect.stringContaining(`("${vendor}") contradicts the kubelet`)]);
    }
  });
});
