import { describe, expect, test } from "vitest";
import { imageOf } from "../../test/support/machines.ts";
import { annotated } from "../../test/support/oci/indexes.ts";
import { needsOf } from "./needs.ts";

describe("what a machine must offer", () => {
  const cases: [features: string, means: (string | RegExp)[]][] = [
    ["", []],
    ["cpu:broadwell", [/^a CPU that is broadwell or descends from it \(.*skylake.* more\)$/]],
    ["cpu:coffelake", ["a machine that declares cpu:coffelake (no CPU of this name is known)"]],
    ["avx2,fma", ["a CPU with avx2", "a CPU with fma"]],
    ["nvcap:8.0", ["an NVIDIA GPU that runs machine code for 8.0, such as A100 (8.0), A10 (8.6), L40S (8.9)"]],
    ["nvcap:9.0a", ["an NVIDIA GPU that runs machine code for 9.0a, such as H100 (9.0)"]],
    ["nvcap:8.7", ["an NVIDIA GPU that runs machine code for 8.7, such as Jetson AGX Orin (8.7)"]],
    [
      "nvptx:8.0",
      ["an NVIDIA GPU that compiles PTX for 8.0, such as A100 (8.0), A10 (8.6), L40S (8.9), H100 (9.0) and 6 more"],
    ],
    ["nvcap:12.1", ["an NVIDIA GPU that runs machine code for 12.1, such as GB10 (12.1)"]],
    ["8.6+PTX", [/^an NVIDIA GPU that runs machine code for 8.6.*, or an NVIDIA GPU that compiles PTX for 8.6/]],
    ["cuda:12.4,kernel:6.8", ["cuda 12.4 or later", "kernel 6.8 or later"]],
    ["gfx:gfx90a", ["an AMD GPU that runs code for gfx90a"]],
    ["fabric:efa", ["fabric:efa exactly"]],
    ["cuda:one", [/^nothing: "cuda:one" cannot be understood/]],
  ];
  test.each(cases)("%s", (features, means) => {
    const [variant] = imageOf(annotated("a", features)).list?.variants ?? [];
    const needs = needsOf(variant ?? { requires: [] }).map((need) => need.means);
    expect(needs).toEqual(means.map((text) => (typeof text === "string" ? text : expect.stringMatching(text))));
  });
});
