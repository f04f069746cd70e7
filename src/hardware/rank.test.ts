import { describe, expect, test } from "vitest";
import type { CpuEntry } from "./cpu/build.ts";
import { cpuGraph } from "./cpu/graph.ts";
import { isAcceleratorNamespace } from "./namespace.ts";
import { parseFeature, parseFeatureList } from "./parse.ts";
import { compareAccelerator, compareIsa, featureClass } from "./rank.ts";

test.each([
  ["nvcap:8.0", "accelerator"],
  ["nvptx:8.0", "accelerator"],
  ["gfx:gfx90a", "accelerator"],
  ["nvdriver:550", "accelerator"],
  ["cuda:12.4", "accelerator"],
  ["rocm:6.2", "accelerator"],
  ["amddriver:6.8", "accelerator"],
  ["fabric:efa", "equality"],
  ["feature:anything", "equality"],
  ["constructor:x", "equality"],
  ["cpu:skylake", "isa"],
  ["cpuflag:avx2", "isa"],
  ["kernel:6.8", "version"],
  ["os.version:10.0.20348", "version"],
])("%s counts as %s", (text, expected) => {
  const feature = parseFeature(text);
  expect(featureClass(feature)).toBe(expected);
  expect(isAcceleratorNamespace(feature.namespace)).toBe(expected === "accelerator");
});

describe("among accelerators, the closer first", () => {
  test.each([
    [["nvcap:9.0a", "nvptx:9.0a", "nvcap:10.0f", "nvcap:9.0", "nvcap:8.6", "nvcap:8.0", "nvptx:9.0", "nvptx:8.0"]],
    [
      [
        "gfx:gfx942:sramecc+:xnack-",
        "gfx:gfx942:xnack-",
        "gfx:gfx942",
        "gfx:gfx9-4-generic:xnack-",
        "gfx:gfx9-4-generic",
      ],
    ],
    [
      [
        "nvcap:8.0",
        "gfx:gfx90a",
        "nvdriver:550",
        "nvdriver:535",
        "cuda:12.4",
        "cuda:12.0",
        "rocm:6.2",
        "amddriver:6.8",
      ],
    ],
  ])("%j", (texts) => {
    const features = texts.map((text) => parseFeature(text));
    const sorted = features.toReversed().sort((a, b) => compareAccelerator(b, a));
    expect(sorted).toEqual(features);
  });
});

describe("among ISA requirements, what asks for more first", () => {
  test.each([
    ["the descendant", "cpu:skylake", "cpu:broadwell"],
    ["the level above", "cpu:x86_64_v3", "cpu:x86_64_v2"],
    ["the name above its level", "cpu:haswell", "cpu:x86_64_v3"],
    ["a leaf above what it is", "cpu:milan", "cpu:zen3"],
    ["names without flags by their ancestors", "cpu:power9le", "cpu:power8le"],
    ["ARM versions by their ancestors", "cpu:armv8.4a", "cpu:armv8.2a"],
    ["more flags", "cpuflag:avx2,cpuflag:fma", "cpuflag:avx2"],
    ["a flag beside a name", "cpu:x86_64_v2,cpuflag:aes", "cpu:x86_64_v2"],
    ["a name above some of its flags", "cpu:skylake", "cpuflag:avx2,cpuflag:fma"],
    ["neither contains the other: more ancestors", "cpu:cascadelake", "cpu:cannonlake"],
    ["neither contains the other: an old name against a newer level", "cpu:x86_64_v3", "cpu:westmere"],
  ])("%s: %s over %s", (_rule, better, worse) => {
    const [a, b] = [parseFeatureList(better), parseFeatureList(worse)];
    expect(compareIsa(a, b)).toBeGreaterThan(0);
    expect(compareIsa(b, a)).toBeLessThan(0);
    expect(compareIsa(a, a)).toBe(0);
  });

  test("for every two names that one machine runs, it is the rule of containment, then of ancestors, save old names against levels", () => {
    /** Which of two is the better build by the rule: 1 the first, -1 the second, 0 neither. */
    const rule = (x: CpuEntry, y: CpuEntry): number => {
      const inY = [...x.flags].every((flag) => y.flags.has(flag));
      const inX = [...y.flags].every((flag) => x.flags.has(flag));
      if (inY === inX) return Math.sign(x.ancestors.size - y.ancestors.size);
      return inY ? -1 : 1;
    };
    const cpu = ({ name }: CpuEntry) => [{ namespace: "cpu", value: name }];
    const differ = new Set<string>();
    for (const [x, y] of pairsOnOneMachine()) {
      const ruled = rule(x, y);
      if (ruled !== 0 && ruled !== Math.sign(compareIsa(cpu(x), cpu(y)))) differ.add(`${x.name} ${y.name}`);
    }
    expect([...differ].sort()).toEqual(["sandybridge x86_64_v4", "westmere x86_64_v3", "westmere x86_64_v4"]);
  });
});

/** Every two names that one machine runs, the first in the alphabet first; a pair comes once for each such machine. */
function* pairsOnOneMachine(): Generator<readonly [CpuEntry, CpuEntry]> {
  const graph = cpuGraph();
  for (const { ancestors } of graph.values()) {
    const entries = [...ancestors].sort().map((name) => graph.get(name));
    for (const [index, x] of entries.entries()) {
      for (const y of entries.slice(index + 1)) if (x !== undefined && y !== undefined) yield [x, y];
    }
  }
}
