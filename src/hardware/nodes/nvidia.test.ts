import { describe, expect, test } from "vitest";
import { node } from "../../../test/support/hardware/nodes.ts";
import { nvidiaLabels } from "./nvidia.ts";

function gpu(labels: Readonly<Record<string, string>>, allocatable: Readonly<Record<string, string>> = {}) {
  const prefixed = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`nvidia.com/${key}`, value]));
  return nvidiaLabels(node(prefixed, { allocatable }));
}

const a100 = {
  "gpu.product": "NVIDIA-A100-SXM4-40GB",
  "gpu.count": "4",
  "gpu.replicas": "1",
  "gpu.sharing-strategy": "none",
  "gpu.family": "ampere",
  "gpu.compute.major": "8",
  "gpu.compute.minor": "0",
};

describe("compute capability", () => {
  test.each([
    ["one model", a100, { "nvidia.com/gpu": "4" }],
    ["no device plugin, or devices by DRA", a100, {}],
    ["a quantity that is no number", a100, { "nvidia.com/gpu": "4k" }],
    ["some GPUs unhealthy", a100, { "nvidia.com/gpu": "3" }],
    [
      "shared",
      { ...a100, "gpu.product": "NVIDIA-A100-SXM4-40GB-SHARED", "gpu.replicas": "10" },
      { "nvidia.com/gpu": "40" },
    ],
    [
      "shared by a release without replicas",
      { ...a100, "gpu.product": "A100-SHARED", "gpu.replicas": "" },
      { "nvidia.com/gpu": "40" },
    ],
    [
      "shared and renamed",
      { ...a100, "gpu.replicas": "2", "gpu.sharing-strategy": "time-slicing" },
      { "nvidia.com/gpu.shared": "8" },
    ],
    [
      "MIG, strategy single",
      { ...a100, "gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "gpu.count": "28" },
      { "nvidia.com/gpu": "28" },
    ],
    [
      "MIG, strategy mixed",
      { ...a100, "mig-1g.5gb.product": "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "gpu.replicas": "0" },
      { "nvidia.com/gpu": "2", "nvidia.com/mig-1g.5gb": "14" },
    ],
    ...["1g.24gb-me", "1g.24gb.me", "2g.48gb-gfx", "1g.24gb.gfx", "1g.24gb-me-gfx", "1c.2g.24gb", "1g.12gb.me.all"].map(
      (profile): [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>] => [
        `MIG profile ${profile}`,
        { ...a100, [`mig-${profile}.product`]: `NVIDIA-A100-SXM4-40GB-MIG-${profile}`, "gpu.replicas": "0" },
        { "nvidia.com/gpu": "0" },
      ],
    ),
    ["no count", { "gpu.compute.major": "8", "gpu.compute.minor": "0" }, { "nvidia.com/gpu": "4" }],
  ])("is offered: %s", (_, labels, allocatable) => {
    expect(gpu(labels, allocatable)).toEqual({ source: "nvidia", features: ["nvcap:8.0"], notes: [] });
  });

  test.each([
    ["fewer counted than allocatable", { ...a100, "gpu.count": "1" }, { "nvidia.com/gpu": "4" }],
    [
      "fewer counted than shared ones allocatable",
      { ...a100, "gpu.count": "1", "gpu.replicas": "4", "gpu.product": "A100-SHARED" },
      { "nvidia.com/gpu": "8" },
    ],
    [
      "MIG devices of another model",
      {
        ...a100,
        "gpu.product": "Tesla-T4",
        "gpu.count": "1",
        "mig-1g.5gb.product": "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb",
      },
      { "nvidia.com/gpu": "1" },
    ],
  ])("is withheld where there are several models: %s", (_, labels, allocatable) => {
    const said = gpu({ ...labels, "cuda.runtime-version.full": "12.4" }, allocatable);
    expect(said.features).toEqual(["cuda:12.4"]);
    expect(said.notes[0]).toMatch(/^nvcap is not offered: .*several GPU models/);
  });

  test("is withheld where the labels are of an old release, which describes the first of several", () => {
    const { "gpu.replicas": _, "gpu.sharing-strategy": __, ...old } = a100;
    const said = gpu(old, { "nvidia.com/gpu": "4" });
    expect(said.features).toEqual([]);
    expect(said.notes[0]).toContain("nvidia.com/gpu.count=4");
    expect(gpu({ ...old, "gpu.count": "1" }, { "nvidia.com/gpu": "1" }).features).toEqual(["nvcap:8.0"]);
    // A later release without replicas, and labels that somebody wrote without a product, say what they say.
    expect(gpu({ ...old, "cuda.driver-version.full": "550.1" }).features).toContain("nvcap:8.0");
    expect(gpu({ "gpu.count": "8", "gpu.compute.major": "9", "gpu.compute.minor": "0" }).features).toEqual([
      "nvcap:9.0",
    ]);
  });

  test("HAMi's shares are no other models, as far as its default tells", () => {
    const shared = (allocatable: string, label = "on") => {
      const labels = Object.fromEntries(Object.entries(a100).map(([key, value]) => [`nvidia.com/${key}`, value]));
      return nvidiaLabels(node({ ...labels, gpu: label }, { allocatable: { "nvidia.com/gpu": allocatable } })).features;
    };
    expect(shared("40")).toEqual(["nvcap:8.0"]);
    expect(shared("80")).toEqual([]);
    expect(shared("40", "off")).toEqual([]);
  });

  test.each([
    ["MIG settings invalid", { ...a100, "gpu.product": "NVIDIA-A100-SXM4-40GB-MIG-INVALID" }],
    ["count 0", { ...a100, "gpu.count": "0" }],
  ])("nothing at all is offered: %s", (_, labels) => {
    const said = gpu({ ...labels, "cuda.driver-version.full": "550.54.15" });
    expect(said.features).toEqual([]);
    expect(said.notes[0]).toMatch(/^The node has no usable NVIDIA GPU/);
  });

  test("the family alone says nothing", () => {
    expect(gpu({ "gpu.family": "hopper", "gpu.present": "true" }).features).toEqual([]);
  });
});

describe("driver and CUDA", () => {
  test.each([
    ["in full", { "cuda.driver-version.full": "535.104.05" }, ["nvdriver:535.104.05"]],
    [
      "in parts",
      { "cuda.driver-version.major": "535", "cuda.driver-version.minor": "104", "cuda.driver-version.revision": "05" },
      ["nvdriver:535.104.05"],
    ],
    [
      "deprecated, without a revision",
      { "cuda.driver.major": "470", "cuda.driver.minor": "57", "cuda.driver.rev": "" },
      ["nvdriver:470.57"],
    ],
    [
      "new before deprecated",
      { "cuda.driver-version.full": "550.1", "cuda.driver.major": "1", "cuda.driver.minor": "2" },
      ["nvdriver:550.1"],
    ],
    ["CUDA in full", { "cuda.runtime-version.full": "12.4" }, ["cuda:12.4"]],
    ["CUDA in parts", { "cuda.runtime-version.major": "13", "cuda.runtime-version.minor": "0" }, ["cuda:13.0"]],
    ["CUDA deprecated", { "cuda.runtime.major": "11", "cuda.runtime.minor": "4" }, ["cuda:11.4"]],
    ["a part missing", { "cuda.driver.major": "470" }, []],
    ["no numbers", { "cuda.driver-version.full": "unknown", "cuda.runtime.major": "x", "cuda.runtime.minor": "y" }, []],
  ])("%s", (_, labels, features) => {
    expect(gpu(labels)).toEqual({ source: "nvidia", features, notes: [] });
  });
});
