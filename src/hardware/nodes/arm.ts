import { armPart as knownPart } from "../cpu/arm-parts.ts";

/** Vendors as NFD's CPU library names them (klauspost/cpuid, detect_arm64.go) → "CPU implementer" of /proc/cpuinfo. */
const implementers: ReadonlyMap<string, string> = new Map([
  ["arm", "0x41"],
  ["broadcom", "0x42"],
  ["cavium", "0x43"],
  ["fujitsu", "0x46"],
  ["hisilicon", "0x48"],
  ["nvidia", "0x4e"],
  ["amcc", "0x50"],
  ["qualcomm", "0x51"],
  ["marvell", "0x56"],
  ["apple", "0x61"],
  ["microsoft", "0x6d"],
  ["ampere", "0xc0"],
]);

/** Whether the vendor makes arm CPUs. */
export function isArmVendor(vendor: string): boolean {
  return implementers.has(vendor.trim().toLowerCase());
}

/** Implementers that the library has no name for: it says VendorUnknown. Their parts are unlike each other's. */
const unnamed: readonly string[] = ["0x48", "0x61", "0x6d"];

/**
 * The part number in NFD's `cpu-model.id` on arm64: the library returns the low half of MIDR_EL1, whose bits 15 to 4
 * are the part and 3 to 0 the revision (Arm ARM, D24.2.122).
 */
function armPart(id: number): number {
  return (id >> 4) & 0xfff;
}

/** A core as `/proc/cpuinfo` numbers it, by NFD's vendor and id. */
export function armCore(
  vendor: string,
  id: number,
): { readonly implementer: string; readonly part: string; readonly alone: boolean } {
  const part = `0x${armPart(id).toString(16).padStart(3, "0")}`;
  const implementer =
    implementers.get(vendor.toLowerCase()) ?? unnamed.find((each) => knownPart(each, part) !== undefined) ?? "";
  return { implementer, part, alone: knownPart(implementer, part)?.aloneRevision === (id & 0xf) };
}
