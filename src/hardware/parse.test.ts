import { describe, expect, test } from "vitest";
import { HardwareError } from "./error.ts";
import { formatFeature } from "./feature.ts";
import { type FeatureContext, parseFeature, parseFeatureList, parseFeatures } from "./parse.ts";

function read(text: string, context: FeatureContext = {}): string {
  return parseFeatures(text, context).map(formatFeature).join(" ");
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof HardwareError) return error.code;
    throw error;
  }
  return "nothing thrown";
}

describe("a text means", () => {
  test.each([
    ["namespace:value", "cpu:broadwell", "cpu:broadwell"],
    ["namespace=value", "cpu=broadwell", "cpu:broadwell"],
    ["a known namespace and -", "cpu-broadwell", "cpu:broadwell"],
    ["a known namespace and _", "cpu_broadwell", "cpu:broadwell"],
    ["the 2019 spelling of a capability", "nvcap-5.2", "nvcap:5.2"],
    ["a name nobody knows", "cpu-coffelake", "cpu:coffelake"],
    ["any case, blanks around", "  CPU:SkyLake ", "cpu:skylake"],
    ["other names of cpu", "uarch:zen4", "cpu:zen4"],
    ["other names of cpu", "microarchitecture=zen4", "cpu:zen4"],
    ["a bare CPU name", "skylake", "cpu:skylake"],
    ["a bare CPU name, GCC's spelling", "skylake-avx512", "cpu:skylake_avx512"],
    ["a bare CPU name, GCC's spelling", "znver3", "cpu:zen3"],
    ["a bare product name", "Milan", "cpu:milan"],
    ["a bare level, GCC's spelling", "x86-64-v3", "cpu:x86_64_v3"],
    ["a bare level, archspec's spelling", "x86_64_v3", "cpu:x86_64_v3"],
    ["a bare level, Docker's spelling", "amd64/v3", "cpu:x86_64_v3"],
    ["the baseline of amd64", "x86-64-v1", "cpu:x86_64"],
    ["an ARM version", "armv8.2-a", "cpu:armv8.2a"],
    ["an ARM version", "armv9-a", "cpu:armv9.0a"],
    ["a CPU flag, archspec's spelling", "sse4_1", "cpuflag:sse4_1"],
    ["a CPU flag, Go's spelling", "sse41", "cpuflag:sse4_1"],
    ["a CPU flag, archspec's alias", "SSE4.1", "cpuflag:sse4_1"],
    ["a CPU flag, the kernel's spelling", "pni", "cpuflag:sse3"],
    ["a CPU flag, NFD's spelling", "AVX512VNNI", "cpuflag:avx512_vnni"],
    ["a CPU flag, NFD's spelling", "FMA3", "cpuflag:fma"],
    ["Docker's own example, two flags", "sse4", "cpuflag:sse4_1 cpuflag:sse4_2"],
    ["other names of cpuflag", "cpu-flag:AVX2", "cpuflag:avx2"],
    ["other names of cpuflag", "cpu_flag:avx2", "cpuflag:avx2"],
    ["other names of cpuflag", "isa-avx2", "cpuflag:avx2"],
    ["the longest namespace that begins the text", "cpu-flag-avx2", "cpuflag:avx2"],
    ["the longest namespace that begins the text", "nvidia-driver-535.1", "nvdriver:535.1"],
    ["a capability with a dash", "nvcap:5-2", "nvcap:5.2"],
    ["a capability without a dot", "nvcap_52", "nvcap:5.2"],
    ["a capability of two digits before the dot", "nvcap:120", "nvcap:12.0"],
    ["other names of nvcap", "cuda-cc:80", "nvcap:8.0"],
    ["other names of nvcap", "compute-capability=8.6", "nvcap:8.6"],
    ["other names of nvcap", "nv-compute-90", "nvcap:9.0"],
    ["nvcc's machine code", "sm_90a", "nvcap:9.0a"],
    ["nvcc's machine code of a family", "sm_100f", "nvcap:10.0f"],
    ["nvcc's PTX", "compute_90", "nvptx:9.0"],
    ["a short form", "cc80", "nvcap:8.0"],
    ["CMake's machine code", "90_real", "nvcap:9.0"],
    ["CMake's PTX", "90_virtual", "nvptx:9.0"],
    ["CMake's PTX", "90a-virtual", "nvptx:9.0a"],
    ["PyTorch's machine code and PTX", "8.6+PTX", "nvcap:8.6 nvptx:8.6"],
    ["the same in its namespace", "nvcap:8.6+PTX", "nvcap:8.6 nvptx:8.6"],
    ["PTX", "ptx:8.0", "nvptx:8.0"],
    ["a driver", "nvidia-driver:535.104.05", "nvdriver:535.104.05"],
    ["a driver", "nvidia-535", "nvdriver:535"],
    ["a version with v", "cuda:v12.4", "cuda:12.4"],
    ["an AMD target", "gfx:gfx90a", "gfx:gfx90a"],
    ["an AMD target without its prefix", "gfx:90a", "gfx:gfx90a"],
    ["an AMD target with settings, sorted", "amdgpu-target:gfx90a:xnack-:sramecc+", "gfx:gfx90a:sramecc+:xnack-"],
    ["a bare AMD target", "gfx1100", "gfx:gfx1100"],
    ["a bare AMD target with settings", "gfx90a:xnack+", "gfx:gfx90a:xnack+"],
    ["rocminfo's spelling", "amdgcn-amd-amdhsa--gfx942:sramecc+:xnack-", "gfx:gfx942:sramecc+:xnack-"],
    ["a generic AMD target", "gfx9-4-generic", "gfx:gfx9-4-generic"],
    ["a kernel", "kernel:6.8.0-45-generic", "kernel:6.8.0-45-generic"],
    ["an equality namespace of the table", "fabric-efa", "fabric:efa"],
    ["any other namespace", "example.com/interconnect:slingshot-11", "example.com/interconnect:slingshot-11"],
    ["a value with a colon", "vendor:part:7", "vendor:part:7"],
    ["a bare word nobody knows", "win32k", "feature:win32k"],
    ["a bare number says nothing of what it counts", "8.6", "feature:8.6"],
    ["a known namespace before a word it has no use for", "nvidia-experimental", "feature:nvidia-experimental"],
  ])("%s: %s", (_rule, text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe("the architecture decides", () => {
  test.each([
    ["v3", "amd64", "cpu:x86_64_v3"],
    ["cpu:v3", "amd64", "cpu:x86_64_v3"],
    ["cpu:v3", undefined, "cpu:x86_64_v3"],
    ["v8.2", "arm64", "cpu:armv8.2a"],
    ["v9", "arm64", "cpu:armv9.0a"],
    ["v7", "arm", "cpu:armv7"],
    ["power9", "ppc64le", "cpu:power9le"],
    ["power9", "ppc64", "cpu:power9"],
    ["rva22u64", "riscv64", "cpu:rva22u64"],
    ["v3", undefined, "feature:v3"],
    ["v3", "s390x", "feature:v3"],
    ["cpu:v3", "riscv64", "cpu:v3"],
  ])("%s under %s is %s", (text, architecture, expected) => {
    expect(read(text, { architecture })).toBe(expected);
  });
});

describe("refused, with the text and a right value", () => {
  test.each([
    ["", /is empty; write namespace:value/],
    ["   ", /is empty/],
    ["cpu:", /"cpu:" is not a feature: cpu takes a value such as cpu:skylake/],
    [":skylake", /is not a feature/],
    ["nvcap:5", /nvcap takes a value such as nvcap:9\.0/],
    ["nvcap:9.0z", /such as nvcap:9\.0/],
    ["nvptx:90_real", /such as nvptx:8\.0/],
    ["cuda:new", /such as cuda:12\.4/],
    ["cuda-12_x!", /such as cuda:12\.4/],
    ["gfx:mi300", /such as gfx:gfx90a/],
    ["gfx:gfx90a:xnack+:xnack-", /such as gfx:gfx90a/],
    ["nvidia :: sm_arch", /without blanks/],
    ["cpu::skylake", /a value begins with a letter or digit/],
    ['"cpu:skylake"', /without blanks, commas, quotes/],
    ["cpu:a,cpu:b", /without blanks, commas/],
    ["cpu:sky\u0000lake", /"cpu:sky\\u0000lake"/],
    ["cpu:\u001b[31mred", /\\u001b/],
    ["cpu:größe", /control characters/],
    ["-:x", /namespace/],
  ])("%j", (text, message) => {
    expect(() => parseFeatures(text)).toThrow(message);
    expect(codeOf(() => parseFeatures(text))).toBe("FEATURE_INVALID");
  });
});

describe("one feature", () => {
  test("is read", () => {
    expect(parseFeature("nvcap_52")).toEqual({ namespace: "nvcap", value: "5.2" });
  });

  test("is refused where the text means several, naming them", () => {
    expect(() => parseFeature("8.6+PTX")).toThrow(/means nvcap:8\.6 and nvptx:8\.6/);
    expect(codeOf(() => parseFeature("sse4"))).toBe("FEATURE_SEVERAL");
  });
});

describe("a list", () => {
  test("is separated by commas, keeps its order, and holds each feature once", () => {
    const list = parseFeatureList("cpu:broadwell, nvcap_52,,cpu-broadwell, avx2,");
    expect(list.map(formatFeature)).toEqual(["cpu:broadwell", "nvcap:5.2", "cpuflag:avx2"]);
  });

  test("may be empty", () => {
    expect(parseFeatureList(" ")).toEqual([]);
  });

  test("holds 64 features and no more", () => {
    const names = (count: number): string => Array.from({ length: count }, (_, index) => `x:${index}`).join(",");
    expect(parseFeatureList(names(64))).toHaveLength(64);
    expect(codeOf(() => parseFeatureList(names(65)))).toBe("FEATURE_LIST_TOO_LONG");
  });
});
