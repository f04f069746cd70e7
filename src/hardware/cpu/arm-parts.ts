import { knownCpu } from "./spelling.ts";

/** The core that a part number stands for. */
export interface ArmPart {
  /** A name of the CPU graph. */
  readonly name: string;
  /**
   * Built beside other cores in one chip (big.LITTLE, DynamIQ), so that the part of one core does not tell the others.
   * The flags say what such a machine is: the kernel shows those that all cores have.
   */
  readonly clustered?: true;
  /**
   * The revision (bits 3 to 0 of MIDR_EL1) that is built alone all the same: Cortex-A76 r4p1 is Broadcom's BCM2712
   * (Raspberry Pi 5), while Rockchip's RK3588 has r4p0 beside Cortex-A55 (both by /proc/cpuinfo).
   */
  readonly aloneRevision?: number;
}

type Row = readonly [implementer: string, clustered: boolean, parts: Readonly<Record<string, string>>];

/**
 * Implementer and part → name. Sources: Linux, arch/arm64/include/asm/cputype.h; LLVM,
 * llvm/lib/TargetParser/Host.cpp (getHostCPUNameForARM); archspec's own parts are the same ones. Which cores share a
 * chip: Arm's technical reference manuals (DynamIQ Shared Unit), and those that do not, by what is built with them.
 */
const rows: readonly Row[] = [
  // Arm, infrastructure and vehicles: all cores of a chip are alike.
  [
    "0x41",
    false,
    {
      "0xd07": "cortex_a57",
      "0xd08": "cortex_a72",
      "0xd0c": "neoverse_n1",
      "0xd0e": "cortex_a76ae",
      "0xd40": "neoverse_v1",
      "0xd42": "cortex_a78ae",
      "0xd43": "cortex_a65ae",
      "0xd49": "neoverse_n2",
      "0xd4a": "neoverse_e1",
      "0xd4f": "neoverse_v2",
      "0xd83": "neoverse_v3ae",
      "0xd84": "neoverse_v3",
      "0xd8e": "neoverse_n3",
    },
  ],
  // Arm, for chips of several kinds of cores.
  [
    "0x41",
    true,
    {
      "0xd02": "cortex_a34",
      "0xd03": "cortex_a53",
      "0xd04": "cortex_a35",
      "0xd05": "cortex_a55",
      "0xd06": "cortex_a65",
      "0xd09": "cortex_a73",
      "0xd0a": "cortex_a75",
      "0xd0b": "cortex_a76",
      "0xd0d": "cortex_a77",
      "0xd41": "cortex_a78",
      "0xd44": "cortex_x1",
      "0xd46": "cortex_a510",
      "0xd47": "cortex_a710",
      "0xd48": "cortex_x2",
      "0xd4b": "cortex_a78c",
      "0xd4c": "cortex_x1c",
      "0xd4d": "cortex_a715",
      "0xd4e": "cortex_x3",
      "0xd80": "cortex_a520",
      "0xd81": "cortex_a720",
      "0xd82": "cortex_x4",
      "0xd85": "cortex_x925",
      "0xd87": "cortex_a725",
      "0xd88": "cortex_a520ae",
      "0xd89": "cortex_a720ae",
      "0xd8a": "c1_nano",
      "0xd8b": "c1_pro",
      "0xd8c": "c1_ultra",
      "0xd8f": "cortex_a320",
      "0xd90": "c1_premium",
    },
  ],
  // Broadcom and Cavium: Vulcan became ThunderX2.
  ["0x42", false, { "0x100": "brahma_b53", "0x516": "thunderx2" }],
  [
    "0x43",
    false,
    { "0x0a1": "thunderx", "0x0a2": "thunderx", "0x0a3": "thunderx", "0x0af": "thunderx2", "0x0b8": "thunderx3" },
  ],
  ["0x46", false, { "0x001": "a64fx", "0x003": "fujitsu_monaka" }],
  ["0x48", false, { "0xd01": "kunpeng920" }],
  ["0x4e", false, { "0x003": "denver", "0x004": "carmel", "0x010": "olympus" }],
  // Qualcomm: the first Kryo, Falkor, Saphira and Oryon are its own; Kryo 2xx to 4xx are Arm's cores, gold and silver.
  [
    "0x51",
    false,
    {
      "0x001": "oryon_1",
      "0x200": "kryo",
      "0x201": "kryo",
      "0x205": "kryo",
      "0x211": "kryo",
      "0xc00": "falkor",
      "0xc01": "saphira",
    },
  ],
  [
    "0x51",
    true,
    {
      "0x800": "cortex_a73",
      "0x801": "cortex_a53",
      "0x802": "cortex_a75",
      "0x803": "cortex_a55",
      "0x804": "cortex_a76",
      "0x805": "cortex_a55",
    },
  ],
  // Apple, efficiency and performance cores of a generation: one instruction set.
  ["0x61", false, appleParts()],
  // Microsoft numbers Cobalt 100 as the Neoverse N2 that it is.
  ["0x6d", false, { "0xd49": "neoverse_n2" }],
  ["0xc0", false, { "0xac3": "ampere1", "0xac4": "ampere1a", "0xac5": "ampere1b", "0xac7": "ampere1c" }],
];

/** Plain, Pro, Max and Ultra have parts of their own, efficiency cores even and performance cores odd. */
function appleParts(): Readonly<Record<string, string>> {
  const generations = { "0x02": "m1", "0x03": "m2", "0x04": "m3", "0x05": "m4" };
  return Object.fromEntries(
    Object.entries(generations).flatMap(([tens, name]) =>
      ["0", "1", "2", "3", "4", "5", "8", "9"].map((digit) => [tens + digit, name]),
    ),
  );
}

const byPart: ReadonlyMap<string, ArmPart> = new Map(
  rows.flatMap(([implementer, clustered, parts]) =>
    Object.entries(parts).map(([part, name]): [string, ArmPart] => [
      `${implementer}:${part}`,
      { name, ...(clustered ? { clustered } : {}), ...(name === "cortex_a76" ? { aloneRevision: 1 } : {}) },
    ]),
  ),
);

/** The core of a "CPU implementer" and "CPU part" of /proc/cpuinfo; undefined where nobody knows it. */
export function armPart(implementer: string, part: string): ArmPart | undefined {
  return byPart.get(`${implementer.toLowerCase()}:${part.toLowerCase()}`);
}

/** Every implementer with its parts. */
export function armParts(): Iterable<readonly [key: string, part: ArmPart]> {
  return byPart;
}

/** The part of a core by its name as lscpu spells it (`Neoverse-N1`, `Icestorm-M1`); undefined where nobody knows. */
export function armPartOf(implementer: string, name: string): string | undefined {
  const plain = name.toLowerCase();
  const wanted = /-(m[1-9])\b/.exec(plain)?.[1] ?? knownCpu(plain);
  for (const [key, part] of byPart) {
    if (part.name === wanted && key.startsWith(`${implementer}:`)) return key.slice(implementer.length + 1);
  }
  return undefined;
}
