import { expect, test } from "vitest";
import { amdGpus } from "./amd-gpus.ts";
import { knownTargets } from "./nodes/amd-targets.ts";
import { readCapability, runs } from "./nvidia.ts";
import { nvidiaGpus } from "./nvidia-gpus.ts";

const deviceOf = (capability: string): number => readCapability(capability)?.device ?? Number.NaN;

test("capabilities are in order, each once, and no GPU has two", () => {
  const devices = nvidiaGpus.map(({ capability }) => deviceOf(capability));
  expect(devices).toEqual([...new Set(devices)].sort((left, right) => left - right));
  const names = nvidiaGpus.flatMap((gpu) => gpu.names);
  expect(names).toEqual([...new Set(names)]);
  expect(nvidiaGpus.filter((gpu) => gpu.names.length === 0)).toEqual([]);
});

test("integrated GPUs are those that run machine code of their own capability alone", () => {
  const alone = nvidiaGpus.filter(({ capability }) => {
    const own = { device: deviceOf(capability), suffix: "" } as const;
    // No device has so high a minor version: it is none of a table.
    return !runs("nvcap", own.device + 900, own);
  });
  expect(alone).toEqual(nvidiaGpus.filter(({ place }) => place === "jetson"));
});

test("products are named for targets that device ids stand for", () => {
  expect([...amdGpus.keys()].filter((target) => !knownTargets().includes(target))).toEqual([]);
});
