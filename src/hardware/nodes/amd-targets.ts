import { generatedTargets } from "./amd-targets.generated.ts";

/**
 * PCI device ids of AMD GPUs (vendor 1002) that are later than the sources of amd-targets.generated.ts, or not in them:
 * ROCm/k8s-device-plugin, cmd/k8s-node-labeller/amdgpu.ids at 46c4012, by their products' chips (LLVM, User Guide for
 * AMDGPU Backend, Processors).
 */
export const handTargets: readonly (readonly [target: string, ids: string])[] = [
  ["gfx601", "684c"], // Pitcairn
  ["gfx602", "6666"], // Hainan
  ["gfx942", "74a8 74b6 74bc"], // MI300 series
  ["gfx950", "75a0 75a3 75b0 75b3"], // MI350 series
  ["gfx1100", "7449 744b"], // Navi 31
];

/** Ids that several chips share are in neither list (15d8, 15dd: Raven, Picasso and Raven2 are gfx902 and gfx909). */
const targetById: ReadonlyMap<string, string> = new Map(
  [...generatedTargets, ...handTargets].flatMap(([target, ids]) => ids.split(" ").map((id) => [id, target] as const)),
);

/** `gfx942` of `74a1`; undefined for an id that the tables lack. */
export function amdTarget(deviceId: string): string | undefined {
  return targetById.get(deviceId.toLowerCase().replace(/^0x/, ""));
}

/** Every target that a device id stands for, in the order of the tables. */
export function knownTargets(): readonly string[] {
  return [...new Set(targetById.values())];
}
