/**
 * Writes src/hardware/nodes/amd-targets.generated.ts: the LLVM target of each PCI device id of an AMD GPU, as far as the
 * sources below name its chip.
 *
 *   node scripts/generate-amd-targets.ts --pci-ids FILE --amdgpu FILE --linux VERSION [--out FILE]
 *
 * `--pci-ids` is a pci.ids (https://pci-ids.ucw.cz), `--amdgpu` drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c of Linux at
 * VERSION. Refuses an id for which they name chips of different targets. Prints what the table by hand has besides.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { handTargets } from "../src/hardware/nodes/amd-targets.ts";
import { headOf } from "./amd-targets/head.ts";

/**
 * Targets of chips, by the driver's name (`CHIP_…`) and those of pci.ids. Target of a chip: drivers/gpu/drm/amd/amdkfd/
 * kfd_device.c (gfx_target_version) and LLVM, User Guide for AMDGPU Backend, Processors. Raven is not here: it is gfx902
 * or gfx909, and its ids do not tell.
 */
const chips: readonly (readonly [target: string, driver: readonly string[], names: readonly string[]])[] = [
  ["gfx600", ["TAHITI"], ["Tahiti", "Malta"]],
  [
    "gfx601",
    ["PITCAIRN", "VERDE"],
    ["Pitcairn", "Curacao", "Wimbledon", "Neptune", "Cape Verde", "Chelsea", "Heathrow", "Venus", "Tropo"],
  ],
  ["gfx602", ["OLAND", "HAINAN"], ["Oland", "Mars", "Opal", "Sun", "Jet", "Exo", "Banks"]],
  ["gfx700", ["KAVERI"], ["Kaveri"]],
  ["gfx701", ["HAWAII"], ["Hawaii", "Grenada", "Vesuvius"]],
  ["gfx703", ["KABINI", "MULLINS"], ["Kabini", "Temash", "Mullins"]],
  ["gfx704", ["BONAIRE"], ["Bonaire", "Saturn", "Tobago"]],
  ["gfx801", ["CARRIZO"], ["Carrizo", "Wani"]],
  ["gfx802", ["TOPAZ", "TONGA"], ["Topaz", "Meso", "Tonga", "Amethyst"]],
  [
    "gfx803",
    ["FIJI", "POLARIS10", "POLARIS11", "POLARIS12", "VEGAM"],
    ["Fiji", "Ellesmere", "Baffin", "Lexa", "Polaris 20", "Polaris 22", "Polaris12"],
  ],
  ["gfx810", ["STONEY"], ["Stoney"]],
  ["gfx900", ["VEGA10"], ["Vega 10"]],
  ["gfx904", ["VEGA12"], ["Vega 12"]],
  ["gfx906", ["VEGA20"], ["Vega 20"]],
  ["gfx908", ["ARCTURUS"], ["Arcturus"]],
  ["gfx90a", ["ALDEBARAN"], ["Aldebaran/MI200"]],
  ["gfx90c", ["RENOIR"], ["Renoir", "Lucienne", "Cezanne", "Barcelo"]],
  ["gfx942", [], ["Aqua Vanjaram"]],
  ["gfx1010", ["NAVI10"], ["Navi 10"]],
  ["gfx1011", ["NAVI12"], ["Navi 12"]],
  ["gfx1012", ["NAVI14"], ["Navi 14"]],
  ["gfx1013", ["CYAN_SKILLFISH"], []],
  ["gfx1030", ["SIENNA_CICHLID"], ["Navi 21"]],
  ["gfx1031", ["NAVY_FLOUNDER"], ["Navi 22"]],
  ["gfx1032", ["DIMGREY_CAVEFISH"], ["Navi 23"]],
  ["gfx1033", ["VANGOGH"], ["VanGogh", "Sephiroth"]],
  ["gfx1034", ["BEIGE_GOBY"], ["Navi 24"]],
  ["gfx1035", ["YELLOW_CARP"], ["Rembrandt"]],
  ["gfx1036", [], ["Raphael", "Granite Ridge", "Mendocino"]],
  ["gfx1100", [], ["Navi 31"]],
  ["gfx1101", [], ["Navi 32", "Navi32"]],
  ["gfx1102", [], ["Navi 33"]],
  ["gfx1103", [], ["Phoenix1", "Phoenix2", "HawkPoint1", "HawkPoint2"]],
  ["gfx1150", [], ["Strix"]],
  ["gfx1151", [], ["Strix Halo"]],
  ["gfx1152", [], ["Krackan"]],
  ["gfx1153", [], ["Krackan2"]],
  ["gfx1200", [], ["Navi 44"]],
  ["gfx1201", [], ["Navi 48"]],
];

/** Characters of a line of ids. */
const width = 100;

/** Ids of AMD's GPUs in pci.ids, by the name of their chip: sound, USB and bridges of a chip bear its name too. */
function fromPciIds(text: string): ReadonlyMap<string, string> {
  const [, own = ""] = /^1002 {2}.*\n((?:[\t#].*\n)*)/m.exec(text) ?? [];
  const targetOf = new Map(chips.flatMap(([target, , names]) => names.map((name) => [name, target] as const)));
  const longestFirst = [...targetOf.keys()].sort((a, b) => b.length - a.length);
  const found = new Map<string, string>();
  for (const [, id = "", name = ""] of own.matchAll(/^\t([0-9a-f]{4}) {2}(.*)$/gm)) {
    const chip = longestFirst.find((each) => isGpuOf(each, name));
    if (chip !== undefined) found.set(id, targetOf.get(chip) ?? "");
  }
  return found;
}

/** `Navi 21 XT [Radeon RX 6800]`: the chip, in capitals a variant of it, in brackets the products. */
function isGpuOf(chip: string, name: string): boolean {
  const [bare = ""] = name.split(" [");
  if (bare !== chip && !bare.startsWith(`${chip} `)) return false;
  return !/\b(Audio|HDMI|USB|PCI|PCIe|Port|Switch|Bridge|Controller|Root|Serial|UCSI)\b/.test(name);
}

/** Ids of the driver's own list, by chip. One that the driver knows by its class alone is not there. */
function fromDriver(text: string): ReadonlyMap<string, string> {
  const targetOf = new Map(chips.flatMap(([target, names]) => names.map((name) => [name, target] as const)));
  const found = new Map<string, string>();
  for (const [, id = "", chip = ""] of text.matchAll(/\{0x1002, 0x([0-9A-Fa-f]{4}),.*?\bCHIP_(\w+?)(?:\||\})/g)) {
    const target = targetOf.get(chip);
    if (target !== undefined) found.set(id.toLowerCase(), target);
  }
  return found;
}

/** @throws Error where the sources contradict each other */
function together(...sources: readonly ReadonlyMap<string, string>[]): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [id, target] of sources.flatMap((source) => [...source])) {
    const known = all.get(id) ?? target;
    if (known !== target) throw new Error(`${id} is ${known} to one source and ${target} to another`);
    all.set(id, target);
  }
  return all;
}

function rowsOf(all: ReadonlyMap<string, string>): string {
  return chips
    .flatMap(([target]) => {
      const ids = [...all].flatMap(([id, own]) => (own === target ? [id] : [])).sort();
      const lines: string[][] = [];
      for (const id of ids) {
        const last = lines.at(-1);
        if (last === undefined || (last.length + 1) * 5 > width) lines.push([id]);
        else last.push(id);
      }
      return lines.map((line) => `  ["${target}", "${line.join(" ")}"],`);
    })
    .join("\n");
}

const options = {
  "pci-ids": { type: "string" },
  amdgpu: { type: "string" },
  linux: { type: "string" },
  out: { type: "string" },
} as const;
const { values } = parseArgs({ options });
const { "pci-ids": pciIds, amdgpu, linux } = values;
if (pciIds === undefined || amdgpu === undefined || linux === undefined) {
  console.error(
    "usage: node scripts/generate-amd-targets.ts --pci-ids FILE --amdgpu FILE --linux VERSION [--out FILE]",
  );
  process.exitCode = 2;
} else {
  const names = await readFile(pciIds, "utf8");
  const all = together(fromPciIds(names), fromDriver(await readFile(amdgpu, "utf8")));
  const [, version = "of no version"] = /^#\s*Version: (\S+)/m.exec(names) ?? [];
  const out = values.out ?? fileURLToPath(new URL("../src/hardware/nodes/amd-targets.generated.ts", import.meta.url));
  await writeFile(
    out,
    `${headOf(version, linux)}

/** PCI device ids (vendor 1002) by the LLVM target of their chip. */
export const generatedTargets: readonly (readonly [target: string, ids: string])[] = [
${rowsOf(all)}
];
`,
  );
  console.log(`${out}: ${all.size} ids`);
  const hand = handTargets.flatMap(([target, ids]) => ids.split(" ").map((id) => [id, target] as const));
  const wrong = hand.filter(([id, target]) => (all.get(id) ?? target) !== target);
  const needless = hand.filter(([id, target]) => all.get(id) === target);
  console.log(
    `by hand: ${hand.length}, of another target ${wrong.join(" ")}, needless ${needless.map(([id]) => id).join(" ")}`,
  );
}
