import { describe, expect, test } from "vitest";
import { cpuGraph } from "../cpu/graph.ts";
import { x86Candidates } from "./x86.ts";

// facts/standards.md's table of ids, written again as models → name.
const intel: readonly (readonly [models: string, name: string])[] = [
  ["1a 1e 1f 2e", "nehalem"],
  ["25 2c 2f", "westmere"],
  ["2a 2d", "sandybridge"],
  ["3a 3e", "ivybridge"],
  ["3c 3f 45 46", "haswell"],
  ["3d 47 4f 56", "broadwell"],
  ["4e 5e 8e 9e a5 a6", "skylake"],
  ["66", "cannonlake"],
  ["6a 6c", "icelake"],
  ["7d 7e 9d", "icelake_client"],
  ["0f 16", "core2"],
  ["17 1d", "penryn"],
  ["57", "mic_knl"],
  ["85", "knightsmill"],
  ["8f", "sapphirerapids"],
  ["cf", "emeraldrapids"],
  ["b5 c5", "arrowlake"],
  ["c6", "arrowlake_s"],
  ["bd", "lunarlake"],
  ["cc e5", "pantherlake"],
  ["d5", "wildcatlake"],
  ["1c 26", "bonnell"],
  ["27 35 36", "saltwell"],
  ["37 4a 4d", "silvermont"],
  ["4c 5a 75", "airmont"],
  ["5c 5f", "goldmont"],
  ["7a", "goldmont_plus"],
  ["86 8a 96 9c", "tremont"],
  ["be", "gracemont"],
  ["b6", "grandridge"],
  ["dd", "clearwaterforest"],
  ["ad ae", "graniterapids"],
  ["97 9a b7 ba bf aa ac d7", "alderlake"],
  ["8c 8d", "tigerlake"],
  ["a7", "rocketlake"],
  ["af", "sierraforest"],
];

describe("Intel family 6", () => {
  test.each(intel.flatMap(([models, name]) => models.split(" ").map((model) => [model, name] as const)))(
    "model 0x%s is %s",
    (model, name) => {
      expect(x86Candidates("Intel", 6, Number.parseInt(model, 16))[0]?.name).toBe(name);
    },
  );

  test("model 0x55 is three CPUs, told apart by flags", () => {
    expect(x86Candidates("GenuineIntel", 6, 0x55).map(({ name }) => name)).toEqual([
      "cooperlake",
      "cascadelake",
      "skylake_avx512",
    ]);
  });
});

const amd: readonly (readonly [family: number, models: string, name: string])[] = [
  [16, "02 04 08", "k10"],
  [18, "01", "k10"],
  [20, "01 02", "bobcat"],
  [22, "00 30", "jaguar"],
  [26, "00 02 11 24 44 60 70", "zen5"],
  [21, "60 65 70", "excavator"],
  [21, "30 38", "steamroller"],
  [21, "02 10 13", "piledriver"],
  [21, "00 01", "bulldozer"],
  [23, "01 08 11 18 20", "zen"],
  [23, "30 31 47 60 68 71 84 90 a0", "zen2"],
  [25, "00 01 08 21 40 44 50", "zen3"],
  [25, "10 11 18 61 74 78 a0", "zen4"],
];

describe("AMD", () => {
  test.each(amd.flatMap(([family, models, name]) => models.split(" ").map((model) => [family, model, name] as const)))(
    "family %i, model 0x%s is %s",
    (family, model, name) => {
      expect(x86Candidates("AMD", family, Number.parseInt(model, 16))[0]?.name).toBe(name);
    },
  );

  test("family 26 is zen6 by a flag, else zen5", () => {
    expect(x86Candidates("AuthenticAMD", 26, 81)).toEqual([
      { name: "zen6", otherwise: "zen5", needs: ["avx512_fp16"] },
      { name: "zen5" },
    ]);
  });
});

test.each([
  ["GenuineIntel", 18, 1, "novalake"],
  ["Intel", 18, 3, "novalake"],
  ["GenuineIntel", 19, 1, "diamondrapids"],
  ["HygonGenuine", 24, 0, "dhyana"],
  ["Hygon", 24, 4, "dhyana"],
  ["CentaurHauls", 7, 0x3b, "lujiazui"],
  ["  Shanghai  ", 7, 0x5b, "yongfeng"],
  ["CentaurHauls", 7, 0x6b, "shijidadao"],
])("%s family %i model %i is %s", (vendor, family, model, name) => {
  expect(x86Candidates(vendor, family, model)[0]?.name).toBe(name);
});

test.each([
  ["Hygon", 25, 0],
  ["Intel", 15, 6],
  ["Intel", 18, 2],
  ["Intel", 6, 999],
  ["", 6, 0x55],
  ["KVM", 6, 0x55],
])("nobody knows %s family %i model %i", (vendor, family, model) => {
  expect(x86Candidates(vendor, family, model)).toEqual([]);
});

test("the graph holds every name that is meant, or what stands for it", () => {
  const names = [
    ...Array.from({ length: 256 }, (_, model) => x86Candidates("Intel", 6, model)),
    ...[16, 21, 23, 25, 26].flatMap((family) =>
      Array.from({ length: 256 }, (_, model) => x86Candidates("AMD", family, model)),
    ),
  ].flat();
  const unknown = names.filter(({ name, otherwise }) => !cpuGraph().has(name) && !cpuGraph().has(otherwise ?? ""));
  expect(unknown).toEqual([]);
});
