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
  ["7d 7e", "icelake_client"],
  ["8f cf", "sapphirerapids"],
  ["ad ae", "graniterapids"],
  ["97 9a b7 ba bf aa ac be", "alderlake"],
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
  ["Hygon", 24, 0],
  ["Intel", 15, 6],
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
