import { expect, test } from "vitest";
import { armPart } from "./arm-parts.ts";

/**
 * The 64-bit cores of application processors in Linux, arch/arm64/include/asm/cputype.h (7.1), and LLVM,
 * llvm/lib/TargetParser/Host.cpp (22).
 */
const tables: readonly (readonly [maker: string, implementer: string, parts: string])[] = [
  [
    "Arm",
    "0x41",
    `d02 d03 d04 d05 d06 d07 d08 d09 d0a d0b d0c d0d d0e d40 d41 d42 d43 d44 d46 d47 d48 d49 d4a d4b d4c d4d d4e d4f d80
     d81 d82 d83 d84 d85 d87 d88 d89 d8a d8b d8c d8e d8f d90`,
  ],
  ["Ampere", "0xc0", "ac3 ac4 ac5 ac7"],
  ["Qualcomm", "0x51", "001 200 201 205 211 800 801 802 803 804 805 c00 c01"],
  ["NVIDIA", "0x4e", "003 004 010"],
  ["Microsoft", "0x6d", "d49"],
];

test.each(tables)("every part of %s has a name", (_, implementer, parts) => {
  const unknown = parts.split(/\s+/).filter((part) => armPart(implementer, `0x${part}`) === undefined);
  expect(unknown).toEqual([]);
});
