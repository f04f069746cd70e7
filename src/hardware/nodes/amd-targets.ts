/**
 * PCI device id of an AMD GPU (vendor 1002) → the LLVM target of its chip. It has every id that AMD's own labeller can
 * name (ROCm/k8s-device-plugin, cmd/k8s-node-labeller/amdgpu.ids, at 46c4012) and those that Linux' driver knows besides.
 * Chip of an id: Linux drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c (pciidlist) up to 2021, pci.ids for later ones; target of a
 * chip: drivers/gpu/drm/amd/amdkfd/kfd_device.c (gfx_target_version), LLVM, User Guide for AMDGPU Backend, Processors.
 * Left out: ids that several chips share (15d8, 15dd: Raven, Picasso and Raven2 are gfx902 and gfx909).
 */
const targets: readonly (readonly [target: string, ids: string])[] = [
  ["gfx600", "6780 6784 6788 678a 6790 6791 6792 6798 6799 679a 679b 679e 679f"], // Tahiti
  // Pitcairn, Cape Verde
  ["gfx601", "6800 6801 6802 6806 6808 6809 6810 6811 6816 6817 6818 6819 684c"],
  [
    "gfx601",
    "6820 6821 6822 6823 6824 6825 6826 6827 6828 6829 682a 682b 682c 682d 682f 6830 6831 6835 6837 6838 6839",
  ],
  ["gfx601", "683b 683d 683f"],
  // Oland, Hainan
  ["gfx602", "6600 6601 6602 6603 6604 6605 6606 6607 6608 6610 6611 6613 6617 6620 6621 6623 6631"],
  ["gfx602", "6660 6663 6664 6665 6666 6667 666f"],
  // Kaveri
  [
    "gfx700",
    "1304 1305 1306 1307 1309 130a 130b 130c 130d 130e 130f 1310 1311 1312 1313 1315 1316 1317 1318 131b 131c 131d",
  ],
  ["gfx701", "67a0 67a1 67a2 67a8 67a9 67aa 67b0 67b1 67b8 67b9 67ba 67be"], // Hawaii
  // Kabini, Mullins
  ["gfx703", "9830 9831 9832 9833 9834 9835 9836 9837 9838 9839 983a 983b 983c 983d 983e 983f"],
  ["gfx703", "9850 9851 9852 9853 9854 9855 9856 9857 9858 9859 985a 985b 985c 985d 985e 985f"],
  ["gfx704", "6640 6641 6646 6647 6649 6650 6651 6658 665c 665d 665f"], // Bonaire
  ["gfx801", "9870 9874 9875 9876 9877"], // Carrizo
  // Iceland, Tonga
  ["gfx802", "6900 6901 6902 6903 6907 6920 6921 6928 6929 692b 692f 6930 6938 6939"],
  // Fiji, Polaris 10, 11 and 12, Vega M
  ["gfx803", "7300 730f 67c0 67c1 67c2 67c4 67c7 67c8 67c9 67ca 67cc 67cf 67d0 67df 6fdf"],
  ["gfx803", "67e0 67e1 67e3 67e7 67e8 67e9 67eb 67ef 67ff 6980 6981 6985 6986 6987 6995 6997 699f 694c 694e 694f"],
  ["gfx810", "98e4"], // Stoney
  ["gfx900", "6860 6861 6862 6863 6864 6867 6868 6869 686a 686b 686c 686d 686e 686f 687f"], // Vega 10, MI25
  ["gfx904", "69a0 69a1 69a2 69a3 69af"], // Vega 12
  ["gfx906", "66a0 66a1 66a2 66a3 66a4 66a7 66af"], // Vega 20, MI50, MI60
  ["gfx908", "7388 738c 738e 7390"], // Arcturus, MI100
  ["gfx90a", "7408 740c 740f 7410"], // Aldebaran, MI200 series
  ["gfx90c", "15e7 1636 1638 164c"], // Renoir
  ["gfx942", "74a0 74a1 74a2 74a5 74a8 74a9 74b5 74b6 74b9 74bc 74bd"], // Aqua Vanjaram, MI300 series
  ["gfx950", "75a0 75a3 75b0 75b3"], // MI350 series
  ["gfx1010", "7310 7312 7318 7319 731a 731b 731e 731f"], // Navi 10
  ["gfx1011", "7360 7362"], // Navi 12
  ["gfx1012", "7340 7341 7347 734f"], // Navi 14
  ["gfx1030", "73a0 73a1 73a2 73a3 73a5 73a8 73a9 73ab 73ac 73ad 73ae 73af 73bf"], // Navi 21
  ["gfx1031", "73c0 73c1 73c3 73da 73db 73dc 73dd 73de 73df"], // Navi 22
  ["gfx1032", "73e0 73e1 73e2 73e3 73e8 73e9 73ea 73eb 73ec 73ed 73ef 73ff"], // Navi 23
  ["gfx1033", "1435 163f"], // Van Gogh
  ["gfx1034", "7420 7421 7422 7423 7424 743f"], // Navi 24
  ["gfx1035", "164d 1681"], // Rembrandt
  ["gfx1036", "13c0 1506 164e"], // Raphael, Granite Ridge, Mendocino
  ["gfx1100", "7448 7449 744a 744b 744c 745e"], // Navi 31
  ["gfx1101", "7460 7461 7470 747e"], // Navi 32
  ["gfx1102", "7480 7481 7483 7489 7499"], // Navi 33
  ["gfx1103", "15bf 15c8 1900 1901"], // Phoenix, Hawk Point
  ["gfx1150", "150e"], // Strix Point
  ["gfx1151", "1586"], // Strix Halo
  ["gfx1152", "1114"], // Krackan Point
  ["gfx1153", "1902"], // Krackan Point 2
  ["gfx1200", "7590"], // Navi 44
  ["gfx1201", "7550 7551"], // Navi 48
];

const targetById: ReadonlyMap<string, string> = new Map(
  targets.flatMap(([target, ids]) => ids.split(" ").map((id) => [id, target] as const)),
);

/** `gfx942` of `74a1`; undefined for an id that the table lacks. */
export function amdTarget(deviceId: string): string | undefined {
  return targetById.get(deviceId.toLowerCase().replace(/^0x/, ""));
}
