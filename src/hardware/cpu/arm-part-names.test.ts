import { expect, test } from "vitest";
import { armPart, armParts } from "./arm-parts.ts";

/**
 * Each part number's core, written again from the makers' tables: LLVM, llvm/lib/TargetParser/Host.cpp
 * (getHostCPUNameForARM), by its own names; and Linux, arch/arm64/include/asm/cputype.h (7.1), for what LLVM does not
 * tell apart.
 */
const llvm: readonly (readonly [implementer: string, parts: string])[] = [
  [
    "0x41",
    `d02:cortex-a34 d04:cortex-a35 d8f:cortex-a320 d03:cortex-a53 d05:cortex-a55 d46:cortex-a510 d80:cortex-a520
     d88:cortex-a520ae d07:cortex-a57 d06:cortex-a65 d43:cortex-a65ae d08:cortex-a72 d09:cortex-a73 d0a:cortex-a75
     d0b:cortex-a76 d0e:cortex-a76ae d0d:cortex-a77 d41:cortex-a78 d42:cortex-a78ae d4b:cortex-a78c d47:cortex-a710
     d4d:cortex-a715 d81:cortex-a720 d89:cortex-a720ae d87:cortex-a725 d44:cortex-x1 d4c:cortex-x1c d48:cortex-x2
     d4e:cortex-x3 d82:cortex-x4 d85:cortex-x925 d4a:neoverse-e1 d0c:neoverse-n1 d49:neoverse-n2 d8e:neoverse-n3
     d40:neoverse-v1 d4f:neoverse-v2 d84:neoverse-v3 d83:neoverse-v3ae d8a:c1-nano d8b:c1-pro d8c:c1-ultra
     d90:c1-premium`,
  ],
  ["0x42", "516:thunderx2t99"],
  ["0x43", "0af:thunderx2t99 0a1:thunderxt88"],
  ["0x46", "001:a64fx 003:fujitsu-monaka"],
  ["0x48", "d01:tsv110"],
  ["0x4e", "004:carmel 010:olympus"],
  [
    "0x51",
    `001:oryon-1 201:kryo 205:kryo 211:kryo 800:cortex-a73 801:cortex-a73 802:cortex-a75 803:cortex-a75 804:cortex-a76
     805:cortex-a76 c00:falkor c01:saphira`,
  ],
  ["0x6d", "d49:neoverse-n2"],
  ["0xc0", "ac3:ampere1 ac4:ampere1a ac5:ampere1b ac7:ampere1c"],
];

/** The graph's names of LLVM's. */
const names: Readonly<Record<string, string>> = {
  thunderx2t99: "thunderx2",
  thunderxt88: "thunderx",
  tsv110: "kunpeng920",
};

/**
 * LLVM calls both cores of a Kryo 2xx to 4xx by the big one's name. Linux: KRYO_2XX_SILVER is 0x801, _3XX_ 0x803, _4XX_
 * 0x805, and Linux applies to them what it applies to Cortex-A53 and A55 (arch/arm64/kernel/cpu_errata.c).
 */
const silver: Readonly<Record<string, string>> = {
  "0x51:0x801": "cortex_a53",
  "0x51:0x803": "cortex_a55",
  "0x51:0x805": "cortex_a55",
};

/** Linux: BRAHMA_B53, THUNDERX_81XX and _83XX, DENVER, KRYO; ThunderX3 by GCC's aarch64-cores.def (thunderx3t110). */
const linux =
  "0x42:0x100:brahma_b53 0x43:0x0a2:thunderx 0x43:0x0a3:thunderx 0x43:0x0b8:thunderx3 0x4e:0x003:denver 0x51:0x200:kryo";

/**
 * LLVM has all of M1 and M2, and 0x048 and 0x049 of M3. The rest of M3 and M4 are numbered on in the same order: neither
 * LLVM nor Linux names them.
 */
const apple = [..."2345"].flatMap((tens, index) =>
  [..."01234589"].map((digit): [string, string] => [`0x61:0x0${tens}${digit}`, `m${index + 1}`]),
);

const expected = new Map<string, string>([
  ...llvm.flatMap(([implementer, parts]) =>
    parts.split(/\s+/).map((pair): [string, string] => {
      const [part = "", name = ""] = pair.split(":");
      return [`${implementer}:0x${part}`, names[name] ?? name.replaceAll("-", "_")];
    }),
  ),
  ...Object.entries(silver),
  ...linux
    .split(" ")
    .map((row): [string, string] => [row.slice(0, row.lastIndexOf(":")), row.slice(row.lastIndexOf(":") + 1)]),
  ...apple,
]);

test.each([...expected])("%s is %s", (key, name) => {
  const [implementer = "", part = ""] = key.split(":");
  expect(armPart(implementer, part)?.name).toBe(name);
});

test("no other part number has a name", () => {
  expect([...armParts()].map(([key]) => key).filter((key) => !expected.has(key))).toEqual([]);
});
