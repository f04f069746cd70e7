import { describe, expect, test } from "vitest";
import { type Build, machine, variants } from "../../test/support/variants.ts";
import { maxReason } from "./reason.ts";
import { select } from "./select.ts";

const generic: Build = { name: "generic" };

describe("the reason names the features in one line", () => {
  test.each<[string, readonly string[], readonly (Build | string)[], string]>([
    [
      "dominance",
      ["cpu:skylake"],
      ["cpu:skylake", "cpu:broadwell", generic],
      "cpu:skylake is the closest of 3 that fit",
    ],
    [
      "priority",
      ["cpu:zen3", "fabric:efa"],
      [{ name: "p", features: "cpu:zen3", priority: 1 }, "fabric:efa"],
      "cpu:zen3 has the highest priority of 2 that fit",
    ],
    [
      "accelerator",
      ["cpu:zen3", "nvcap:8.6"],
      ["nvcap:8.0,nvcap:8.6", "cpu:zen3"],
      "nvcap:8.0 or nvcap:8.6 uses the accelerator best of 2 that fit",
    ],
    ["alone", ["cpu:zen3"], ["cpu:zen3", "cpu:icelake"], "cpu:zen3 is the only one of 2 that fits"],
    ["alone in the index", ["cpu:zen3"], ["cpu:zen3"], "cpu:zen3 is the only build, and it fits"],
    ["generic", [], [generic, "cpu:zen3,fabric:efa"], "the generic build: the machine lacks cpu:zen3; fabric:efa"],
    [
      "many",
      [],
      [generic, ..."abcdefg".split("").map((letter) => `site:${letter}`)],
      "the generic build: the machine lacks site:a; site:b; site:c; site:d and 3 more",
    ],
    ["left", [], [generic], "left as written: no feature decides for linux/amd64, the runtime picks by itself"],
    [
      "formats",
      [],
      [generic, { name: "z", format: "zstd" }],
      "left as written: the builds that fit differ only in format (plain, zstd)",
    ],
  ])("%s", (_, offers, builds, reason) => {
    expect(select(variants(...builds), machine(...offers)).reason).toBe(reason);
  });

  test("and is cut where names are long", () => {
    const long = ["a", "b", "c"].map((letter) => `site:${letter.repeat(200)}`);
    const { reason } = select(variants(...long), machine());
    expect(reason).toHaveLength(maxReason);
    expect(reason.endsWith("…")).toBe(true);
  });
});

test("1,024 builds, none of which dominates another, have an answer", { timeout: 60_000 }, () => {
  const flags = "avx2 fma bmi1 bmi2 movbe f16c popcnt aes pclmulqdq rdrand rdseed adx avx512f avx512bw sha".split(" ");
  const builds = Array.from({ length: 1024 }, (_, n) => {
    const some = flags.filter((_flag, bit) => ((n * 2654435761) >>> (bit + 8)) & 1);
    return { name: `n${n}`, features: [...some, `kernel:1.${n}`].join(",") };
  });
  const selection = select(variants(...builds), machine("cpu:sapphirerapids", "kernel:6.8"));
  expect(selection.selected).not.toBeNull();
  expect(selection.considered).toHaveLength(1024);
});
