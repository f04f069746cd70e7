/** Products by the target of their chip (LLVM, User Guide for AMDGPU Backend, "Processors"). Others have no short name. */
export const amdGpus: ReadonlyMap<string, string> = new Map([
  ["gfx900", "Radeon Instinct MI25"],
  ["gfx906", "Radeon Instinct MI50, MI60"],
  ["gfx908", "Instinct MI100"],
  ["gfx90a", "Instinct MI210, MI250, MI250X"],
  ["gfx942", "Instinct MI300A, MI300X"],
  ["gfx1030", "Radeon RX 6800, RX 6900 XT"],
  ["gfx1100", "Radeon RX 7900 XT"],
]);
