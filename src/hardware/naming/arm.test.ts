import { describe, expect, test } from "vitest";
import { armLevelFlags, provenArmLevel } from "../cpu/arm-levels.ts";
import { armParts } from "../cpu/arm-parts.ts";
import { cpuGraph } from "../cpu/graph.ts";
import { archspecName } from "../detect/archspec.ts";
import { captureOf } from "../detect/capture.ts";
import { hostOffer } from "../detect/host.ts";
import { nfdLabels } from "../nodes/nfd.ts";
import { commonName } from "./arm.ts";

const n1 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp";
const v1 = `${n1} jscvt fcma sha3 sha512 sve asimdfhm dit uscat ilrcpc flagm dcpodp svei8mm svebf16 i8mm bf16 dgh rng`;
const gb10 =
  "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm sb paca pacg dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svebf16 i8mm bf16 dgh bti ecv afp wfxt";
const cobalt =
  "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm uscat ilrcpc flagm sb paca pacg dcpodp sve2 sveaes svebitperm svesha3 svesm4 flagm2 frint svei8mm svebf16 i8mm bf16";

/** A core's implementer, part and revision. */
type Core = readonly [implementer: number, part: number, revision: number];

function detected(cores: readonly Core[], flags: string): string | undefined {
  const text = cores
    .map(([implementer, part], index) => {
      const hex = (value: number, width: number) => `0x${value.toString(16).padStart(width, "0")}`;
      return `processor\t: ${index}\nFeatures\t: ${flags}\nCPU implementer\t: ${hex(implementer, 2)}\nCPU architecture: 8\nCPU part\t: ${hex(part, 3)}\n`;
    })
    .join("\n");
  return hostOffer(captureOf(text)).features.find(({ namespace }) => namespace === "cpu")?.value;
}

/** As klauspost/cpuid names implementers. */
const vendors: Readonly<Record<number, string>> = { 65: "ARM", 78: "NVIDIA", 81: "Qualcomm", 192: "Ampere" };

function labelled([implementer, part, revision]: Core, flags: string): string | undefined {
  const prefix = "feature.node.kubernetes.io/";
  const labels = {
    ...Object.fromEntries(flags.split(" ").map((flag) => [`${prefix}cpu-cpuid.${flag.toUpperCase()}`, "true"])),
    [`${prefix}cpu-model.vendor_id`]: vendors[implementer] ?? "VendorUnknown",
    [`${prefix}cpu-model.family`]: "8",
    [`${prefix}cpu-model.id`]: String((part << 4) | revision),
  };
  const facts = { operatingSystem: "linux", architecture: "arm64", kernelVersion: "6.8.0" };
  const { features } = nfdLabels({ labels, allocatable: {}, ...facts }, "arm64");
  return features.find((text) => text.startsWith("cpu:"))?.slice("cpu:".length);
}

describe("detect and labels name a machine alike, whichever core NFD ran on", () => {
  test.each<[string, readonly Core[], string, string]>([
    ["Raspberry Pi 3", [[0x41, 0xd03, 4]], "fp asimd evtstrm crc32 cpuid", "cortex_a53"],
    ["Raspberry Pi 4", [[0x41, 0xd08, 3]], "fp asimd evtstrm crc32 cpuid", "aarch64"],
    ["Raspberry Pi 5", [[0x41, 0xd0b, 1]], n1, "cortex_a76"],
    [
      "RK3399",
      [
        [0x41, 0xd03, 4],
        [0x41, 0xd08, 2],
      ],
      "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid",
      "cortex_a72",
    ],
    ["RK3566", [[0x41, 0xd05, 0]], n1, "neoverse_n1"],
    [
      "RK3588",
      [
        [0x41, 0xd05, 0],
        [0x41, 0xd0b, 0],
      ],
      n1,
      "neoverse_n1",
    ],
    [
      "QCS6490",
      [
        [0x41, 0xd05, 0],
        [0x41, 0xd41, 1],
      ],
      n1,
      "neoverse_n1",
    ],
    ["Jetson AGX Orin", [[0x41, 0xd42, 1]], `${n1} uscat ilrcpc flagm paca pacg`, "cortex_a78ae"],
    [
      "GB10",
      [
        [0x41, 0xd87, 1],
        [0x41, 0xd85, 1],
      ],
      gb10,
      "neoverse_v3ae",
    ],
    [
      "CIX CD8180",
      [
        [0x41, 0xd81, 1],
        [0x41, 0xd80, 1],
      ],
      `${gb10} mte mte3`,
      "neoverse_v3ae",
    ],
    ["Cobalt 100", [[0x6d, 0xd49, 0]], cobalt, "neoverse_n2"],
    ["Cobalt 100, as a preview showed it", [[0x41, 0xd49, 0]], cobalt, "neoverse_n2"],
    ["Graviton3", [[0x41, 0xd40, 1]], v1, "neoverse_v1"],
    ["Graviton3 without SVE", [[0x41, 0xd40, 1]], v1.replace(/ sve\w*/g, ""), "neoverse_n1"],
    [
      "Apple M1 Max",
      [
        [0x61, 0x028, 0],
        [0x61, 0x029, 0],
      ],
      `${n1} jscvt fcma sha3 sha512 asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg dcpodp flagm2 frint`,
      "m1",
    ],
    [
      "AmpereOne, pointer authentication hidden",
      [[0xc0, 0xac3, 1]],
      `${n1} jscvt fcma sha3 sha512 asimdfhm dit uscat ilrcpc flagm ssbs sb dcpodp flagm2 frint i8mm bf16 rng bti ecv`,
      "neoverse_n1",
    ],
    ["Kunpeng 920", [[0x48, 0xd01, 0]], `${n1} jscvt fcma asimdfhm`.replace(" lrcpc", ""), "kunpeng920"],
    [
      "Xavier",
      [[0x4e, 0x004, 0]],
      "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm dcpop",
      "carmel",
    ],
    ["a part that nobody knows", [[0x51, 0xd0c, 1]], n1, "armv8.2a"],
  ])("%s", (_, cores, flags, name) => {
    expect(detected(cores, flags)).toBe(name);
    for (const core of cores) expect(labelled(core, flags)).toBe(name);
  });
});

test("a name says no less than archspec where it says another", () => {
  // Arm's own parts that archspec lacks, with all flags that the name's ancestors have.
  for (const [key, { name, clustered }] of armParts()) {
    const entry = cpuGraph().get(name);
    if (!key.startsWith("0x41:") || clustered === true || entry?.source !== "metahub") continue;
    const flags = [...entry.flags].filter((flag) => flag !== "neon");
    const part = key.slice("0x41:".length);
    const archspec = archspecName({ family: "aarch64", vendor: "ARM", flags: new Set(flags), cpupart: part });
    expect(entry.ancestors.has(archspec), `${name} ${archspec}`).toBe(true);
  }
});

test("every part stands for a name of the graph, or of a kind of chip", () => {
  for (const [key, { name }] of armParts()) expect(cpuGraph().get(name)?.family, key).toBe("aarch64");
});

test("a level of arm64 holds the flags of those it is built on", () => {
  for (const level of ["armv8.2a", "armv8.6a", "armv9.0a", "armv9.2a", "armv9.4a"]) {
    for (const ancestor of cpuGraph().get(level)?.ancestors ?? []) {
      expect(armLevelFlags(level)).toEqual(expect.arrayContaining([...armLevelFlags(ancestor)]));
    }
  }
  expect(provenArmLevel(new Set(n1.split(" ")))).toBe("armv8.2a");
  expect(provenArmLevel(new Set(gb10.split(" ")))).toBe("armv9.2a");
  expect(provenArmLevel(new Set())).toBe("aarch64");
});

test.each([
  [["cortex_a76", "neoverse_n1"], "neoverse_n1"],
  [["cortex_a76", "cortex_a78"], "neoverse_n1"],
  [["m2", "m2"], "m2"],
  [["m1", "m3"], "m1"],
  [["cortex_a53", "thunderx2"], "aarch64"],
  [["nobody", "aarch64"], "nobody"],
])("what all of %j are is %s", (names, common) => {
  expect(commonName(names)).toBe(common);
});
