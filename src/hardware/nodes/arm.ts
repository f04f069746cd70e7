import { cpuGraph } from "../cpu/graph.ts";
import type { Candidate } from "./x86.ts";

/** Vendors as NFD's CPU library (klauspost/cpuid, Vendor) names them → as archspec does. */
const armVendors: Readonly<Record<string, string>> = {
  arm: "ARM",
  ampere: "Ampere",
  apple: "Apple",
  cavium: "Cavium",
  fujitsu: "Fujitsu",
  nvidia: "Nvidia",
};

/** Arm's own parts that archspec lacks, and names of the CPU graph for them (Linux arch/arm64/include/asm/cputype.h). */
const armParts: ReadonlyMap<number, Candidate> = new Map<number, Candidate>([
  [0xd03, { name: "cortex_a53" }],
  [0xd05, { name: "cortex_a55" }],
  [0xd07, { name: "cortex_a57" }],
  [0xd09, { name: "cortex_a73" }],
  [0xd0a, { name: "cortex_a75" }],
  [0xd0b, { name: "cortex_a76" }],
  [0xd0d, { name: "cortex_a77" }],
  [0xd41, { name: "cortex_a78" }],
  [0xd44, { name: "cortex_x1" }],
  [0xd47, { name: "cortex_a710" }],
  [0xd48, { name: "cortex_x2" }],
  [0xd84, { name: "neoverse_v3", otherwise: "neoverse_v2" }],
  [0xd8e, { name: "neoverse_n3", otherwise: "neoverse_n2" }],
]);

/**
 * The part number in NFD's `cpu-model.id` on arm64: the library returns the low half of MIDR_EL1, whose bits 15 to 4
 * are the part and 3 to 0 the revision (Arm ARM, D24.2.122).
 */
export function armPart(id: number): number {
  return (id >> 4) & 0xfff;
}

/** The name of an arm64 CPU by vendor and part; empty where archspec knows none. */
export function armCandidates(vendor: string, part: number): readonly Candidate[] {
  const vendorName = armVendors[vendor.toLowerCase()];
  for (const entry of cpuGraph().values()) {
    if (
      entry.source === "archspec" &&
      entry.family === "aarch64" &&
      entry.vendor === vendorName &&
      entry.cpupart !== undefined &&
      Number(entry.cpupart) === part
    ) {
      return [{ name: entry.name }];
    }
  }
  const known = vendorName === "ARM" ? armParts.get(part) : undefined;
  return known === undefined ? [] : [known];
}
