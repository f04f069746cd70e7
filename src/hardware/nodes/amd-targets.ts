/**
 * PCI device id of an AMD GPU (vendor 1002) → the LLVM target of its chip. Chips by id: Linux
 * drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c (pciidlist), which lists ids up to 2021, and pci.ids for later ones;
 * target of a chip: LLVM, User Guide for AMDGPU Backend, Processors, and ROCm's GPU specifications. Left out: ids that
 * several chips share (15d8, 15dd: Raven and Raven2; 66af of early Navi boards is not for sale).
 */
const targets: readonly (readonly [target: string, ids: string])[] = [
  ["gfx900", "6860 6861 6862 6863 6864 6867 6868 6869 686a 686b 686c 686d 686e 686f 687f"], // Vega 10, MI25
  ["gfx904", "69a0 69a1 69a2 69a3 69af"], // Vega 12
  ["gfx906", "66a0 66a1 66a2 66a3 66a4 66a7 66af"], // Vega 20, MI50, MI60
  ["gfx908", "7388 738c 738e 7390"], // Arcturus, MI100
  ["gfx90a", "7408 740c 740f 7410"], // Aldebaran, MI200 series
  ["gfx90c", "15e7 1636 1638 164c"], // Renoir
  ["gfx942", "74a0 74a1 74a2 74a5 74a9 74b5 74b9 74bd"], // Aqua Vanjaram, MI300 series
  ["gfx950", "75a0"], // MI350 series
  ["gfx1010", "7310 7312 7318 7319 731a 731b 731e 731f"], // Navi 10
  ["gfx1011", "7360 7362"], // Navi 12
  ["gfx1012", "7340 7341 7347 734f"], // Navi 14
  ["gfx1030", "73a0 73a1 73a2 73a3 73a5 73a8 73a9 73ab 73ac 73ad 73ae 73af 73bf"], // Navi 21
  ["gfx1031", "73c0 73c1 73c3 73da 73db 73dc 73dd 73de 73df"], // Navi 22
  ["gfx1032", "73e0 73e1 73e2 73e3 73e8 73e9 73ea 73eb 73ec 73ed 73ef 73ff"], // Navi 23
  ["gfx1033", "163f"], // Van Gogh
  ["gfx1034", "7420 7421 7422 7423 7424 743f"], // Navi 24
  ["gfx1035", "164d 1681"], // Yellow Carp
  ["gfx1100", "744c"], // Navi 31
  ["gfx1101", "747e"], // Navi 32
  ["gfx1102", "7480"], // Navi 33
  ["gfx1200", "7590"], // Navi 44
  ["gfx1201", "7550"], // Navi 48
];

const targetById: ReadonlyMap<string, string> = new Map(
  targets.flatMap(([target, ids]) => ids.split(" ").map((id) => [id, target] as const)),
);

/** `gfx942` of `74a1`; undefined for an id that the table lacks. */
export function amdTarget(deviceId: string): string | undefined {
  return targetById.get(deviceId.toLowerCase().replace(/^0x/, ""));
}
