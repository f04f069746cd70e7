import { describe, expect, test } from "vitest";
import { gfxTarget, parseKfdNodes, parseRocminfo, rocminfoNotes } from "./rocm.ts";

function agent(number: number, type: string, isas: readonly string[]): string {
  return `*******
Agent ${number}
*******
  Name:                    ${isas[0] ?? "AMD EPYC 9554"}
  Marketing Name:          Some name
  Device Type:             ${type}
  ISA Info:
${isas.map((isa, index) => `    ISA ${index + 1}\n      Name:                    amdgcn-amd-amdhsa--${isa}\n      Machine Models:          HSA_MACHINE_MODEL_LARGE\n`).join("")}`;
}

const cpu = agent(1, "CPU", []);
const mi300x = ["gfx942:sramecc+:xnack-", "gfx9-4-generic:sramecc+:xnack-"];

describe("rocminfo", () => {
  test.each([
    ["no GPU", cpu, []],
    ["a GPU and the generic target it runs", cpu + agent(2, "GPU", mi300x), ["gfx:gfx942:sramecc+:xnack-"]],
    ["GPUs that are alike", cpu + agent(2, "GPU", mi300x) + agent(3, "GPU", mi300x), ["gfx:gfx942:sramecc+:xnack-"]],
    [
      "GPUs of several kinds",
      agent(2, "GPU", ["gfx1100"]) + agent(3, "GPU", ["gfx1036"]),
      ["gfx:gfx1100", "gfx:gfx1036"],
    ],
    ["ROCm before 4.1", agent(2, "GPU", ["gfx908+sram-ecc"]), ["gfx:gfx908:sramecc+"]],
    ["two settings", agent(2, "GPU", ["gfx906+xnack+sram-ecc"]), ["gfx:gfx906:xnack+:sramecc+"]],
    [
      "ROCm before 2.0",
      "Agent 2\n  Device Type:  GPU\n  ISA Info:\n    ISA 1\n      Name:   AMD:AMDGPU:8:0:3\n",
      ["gfx:gfx803"],
    ],
    ["a target that cannot be read", agent(2, "GPU", ["gfx942"]) + agent(3, "GPU", ["unknown?"]), []],
    ["a failure", "ROCk module is NOT loaded, possibly no GPU devices\n", []],
    ["nothing", "", []],
  ])("%s", (_, text, features) => {
    expect(parseRocminfo(text)).toEqual(features);
  });
});

test("a target that cannot be read is told", () => {
  const text = agent(2, "GPU", ["unknown?"]);
  expect(rocminfoNotes(text)).toEqual([
    'gfx is not offered: rocminfo names the target "amdgcn-amd-amdhsa--unknown?", which cannot be read.',
  ]);
  expect(rocminfoNotes(cpu)).toEqual([]);
});

describe("sysfs", () => {
  test.each([
    [90010, "gfx90a"],
    [90402, "gfx942"],
    [90500, "gfx950"],
    [100306, "gfx1036"],
    [110000, "gfx1100"],
    [110501, "gfx1151"],
    [120001, "gfx1201"],
    [121015, "gfx12af"],
  ])("%i is %s", (version, target) => {
    expect(gfxTarget(version)).toBe(target);
  });

  test.each([
    [
      "a CPU and two GPUs",
      [
        "simd_count 0\ngfx_target_version 0\n",
        "simd_count 1216\ngfx_target_version 90402\nvendor_id 4098\n",
        "gfx_target_version 90402\n",
      ],
      ["gfx:gfx942"],
    ],
    ["an old kernel", ["simd_count 256\n"], []],
    ["nothing", [], []],
  ])("%s", (_, nodes, features) => {
    expect(parseKfdNodes(nodes)).toEqual(features);
  });
});
