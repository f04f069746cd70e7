/**
 * Products by the target of their chip; other targets have no short name. LLVM, "User Guide for AMDGPU Backend",
 * Processors (llvm/docs/AMDGPUUsage.rst at f5c8b0a9139b), and for MI325X and gfx950 ROCm 7.13, "AMD GPU
 * specifications"; read in November 2026. MI25 to MI250X and the RX 6000s are of the same chips in libdrm's amdgpu.ids
 * by the device ids of nodes/amd-targets.generated.ts.
 */
export const amdGpus: ReadonlyMap<string, string> = new Map([
  ["gfx900", "Radeon Instinct MI25"],
  ["gfx906", "Radeon Instinct MI50, MI60"],
  ["gfx908", "Instinct MI100"],
  ["gfx90a", "Instinct MI210, MI250, MI250X"],
  ["gfx942", "Instinct MI300A, MI300X, MI325X"],
  ["gfx950", "Instinct MI350X, MI355X"],
  ["gfx1030", "Radeon RX 6800, RX 6900 XT"],
  ["gfx1100", "Radeon RX 7900 XT, RX 7900 XTX"],
]);
