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

// LLVM, AMDGPUUsage, "Target ID": before version 4 only what is on was written, with "+".
test.each([
  "gfx906+sram-ecc-xnack",
  "gfx906-sram-ecc+xnack",
  "gfx906+cumode",
  "gfx90a:sramecc",
  "gfx90a:sramecc+xnack-",
])("%s is no form of any ROCm, and is told as it stands", (isa) => {
  const text = agent(2, "GPU", [isa]);
  expect(parseRocminfo(text)).toEqual([]);
  expect(rocminfoNotes(text)).toEqual([
    `gfx is not offered: rocminfo names the target "amdgcn-amd-amdhsa--${isa}", which cannot be read.`,
  ]);
});

// rocminfo.cc.
test.each([
  ["ROCk module is NOT loaded, possibly no GPU devices\n"],
  ["Unable to open /dev/kfd read-write: Permission denied\n"],
  ["ROCk module is loaded\nhsa api call failure at: /src/rocminfo.cc:1306\n"],
])("%j names no agent, and is told", (text) => {
  const told = text.trim().split("\n").at(-1)?.slice(0, 40);
  expect(rocminfoNotes(text)).toHaveLength(1);
  expect(rocminfoNotes(text)[0]).toContain(`gfx is not offered: rocminfo says "${told}`);
});

test("the colour of a line is no part of it", () => {
  const text = "\u001b[37mROCk module version 6.8.5 is loaded\u001b[0m\n\u001b[31mUnable to open /dev/kfd\u001b[0m\n";
  expect(rocminfoNotes(text)).toEqual(['gfx is not offered: rocminfo says "Unable to open /dev/kfd".']);
});

test("an agent, or nothing at all, is no failure", () => {
  expect(rocminfoNotes(`ROCk module is loaded\n=====\nHSA System Attributes\n=====\n${cpu}`)).toEqual([]);
  expect(rocminfoNotes("")).toEqual([]);
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
