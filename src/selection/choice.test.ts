import { describe, expect, test } from "vitest";
import { entry, readEntries } from "../../test/support/oci/indexes.ts";
import { type Build, chosen, machine, variants } from "../../test/support/variants.ts";
import { select, selectCommon } from "./select.ts";
import type { SelectionCode } from "./selection.ts";

const plain: Build = { name: "plain" };
const zstd: Build = { name: "zstd", format: "zstd" };
const nydus: Build = { name: "nydus", format: "nydus" };
const arm64: Build = { name: "arm64", platform: "linux/arm64" };

describe("when there is no choice, nothing is touched", () => {
  test.each<[string, readonly string[], readonly (Build | string)[], SelectionCode, string | null]>([
    ["one build", [], [plain], "runtime-matched", "plain"],
    ["one for each architecture", [], [plain, arm64], "runtime-matched", "plain"],
    [
      "one for each architecture, on a machine with features",
      ["cpu:zen3", "nvcap:8.0"],
      [plain, arm64],
      "runtime-matched",
      "plain",
    ],
    ["features elsewhere only", [], [plain, { ...arm64, features: "cpu:neoverse_n1" }], "runtime-matched", "plain"],
    [
      "variants of 32-bit arm",
      ["linux/arm/v7"],
      [
        { name: "v7", platform: "linux/arm/v7" },
        { name: "v6", platform: "linux/arm/v6" },
      ],
      "runtime-matched",
      "v7",
    ],
    [
      "the fallback that runtimes take",
      ["linux/arm64"],
      [{ name: "v7", platform: "linux/arm/v7" }],
      "runtime-matched",
      "v7",
    ],
    [
      "features only of a build that runtimes would fall back to",
      [],
      [plain, { name: "32", platform: "linux/386", features: "fabric:efa" }],
      "runtime-matched",
      "plain",
    ],
    ["formats", [], [zstd, plain], "format-only", "zstd"],
    ["formats that need a snapshotter", [], [nydus, plain], "format-only", "plain"],
    ["a format whose snapshotter nobody declares, alone", [], [nydus], "runtime-matched", null],
    ["formats, and the snapshotter declared", ["snapshotter:nydus"], [plain, nydus], "format-only", "plain"],
    [
      "formats of one build for this hardware",
      ["cpu:zen3"],
      [
        { ...plain, features: "cpu:zen3" },
        { ...zstd, features: "cpu:zen3" },
      ],
      "format-only",
      "plain",
    ],
    [
      "formats, required in other words",
      ["cpu:skylake"],
      [
        { ...plain, features: "cpu:haswell" },
        { ...zstd, features: "cpu:haswell,avx2" },
      ],
      "format-only",
      "plain",
    ],
  ])("%s", (_, offers, builds, code, name) => {
    const selection = select(variants(...builds), machine(...offers));
    expect([selection.action, selection.code, chosen(selection, builds)]).toEqual(["leave", code, name]);
  });

  test("os.version of Windows is the runtimes' own choice", () => {
    const windows = (name: string, version: string) =>
      entry(name, {
        platform: { os: "windows", architecture: "amd64", "os.version": version, "os.features": ["win32k"] },
      });
    const { variants: list } = readEntries(windows("2019", "10.0.17763.1"), windows("2022", "10.0.20348.1"));
    const node = { platform: { os: "windows", architecture: "amd64", osVersion: "10.0.20348.2000" }, features: [] };
    expect(select(list, node)).toMatchObject({ action: "leave", code: "runtime-matched", selected: { position: 1 } });
  });
});

describe("where a runtime could take the wrong build, there is a choice", () => {
  test.each<[string, readonly string[], readonly (Build | string)[], SelectionCode, string | null]>([
    ["one build for this hardware", ["cpu:zen3"], ["cpu:zen3"], "only-candidate", "cpu:zen3"],
    ["only the generic build fits", ["cpu:zen"], [plain, "cpu:zen3"], "generic", "plain"],
    ["a better one fits", ["cpu:zen3"], [plain, "cpu:zen3"], "selected", "cpu:zen3"],
    [
      "a variant of amd64, which runtimes under Kubernetes do not see",
      ["cpu:zen3"],
      [plain, { name: "v3", platform: "linux/amd64/v3" }],
      "selected",
      "v3",
    ],
    [
      "the same, on a machine that lacks it",
      ["cpu:nehalem"],
      [plain, { name: "v3", platform: "linux/amd64/v3" }],
      "generic",
      "plain",
    ],
    [
      "two formats of the generic build, and one that must not run here",
      ["cpu:zen"],
      [zstd, plain, "cpu:zen3"],
      "generic",
      "plain",
    ],
    [
      "a feature decides and formats differ",
      ["cpu:zen3"],
      [plain, { ...zstd, features: "cpu:zen3" }, "cpu:zen3"],
      "selected",
      "cpu:zen3",
    ],
    ["a format that would not run here", ["cpu:zen3"], [plain, { ...nydus, features: "cpu:zen3" }], "generic", "plain"],
    [
      "a fallback, because nothing of its own fits",
      [],
      [{ name: "32", platform: "linux/386" }, "cpu:zen3"],
      "generic",
      "32",
    ],
    [
      "a publisher who prefers one of two formats",
      [],
      [plain, { ...zstd, priority: 1 }, "cpu:zen3"],
      "generic",
      "zstd",
    ],
  ])("%s", (_, offers, builds, code, name) => {
    const selection = select(variants(...builds), machine(...offers));
    expect([selection.action, selection.code, chosen(selection, builds)]).toEqual(["rewrite", code, name]);
  });
});

describe("where nothing fits, nothing is selected", () => {
  test.each<[string, readonly string[], readonly (Build | string)[], string]>([
    ["no builds at all", [], [], "the index lists no image that could be chosen"],
    ["another platform", ["linux/s390x"], [plain, arm64], "none of 2 builds is for linux/s390x"],
    ["another platform, one build", ["linux/s390x"], [plain], "the only build is not for linux/s390x"],
    [
      "other hardware",
      ["cpu:zen"],
      ["cpu:zen3", "cpu:icelake,nvcap:9.0"],
      "none of 2 builds fits: the machine lacks cpu:zen3; cpu:icelake; nvcap:9.0",
    ],
    [
      "alternatives",
      [],
      ["nvcap:8.0,nvcap:9.0"],
      "the only build does not fit: the machine lacks nvcap:8.0 or nvcap:9.0",
    ],
    [
      "a snapshotter",
      ["cpu:zen3"],
      [{ ...nydus, features: "cpu:zen3" }],
      "the only build does not fit: the machine lacks snapshotter:nydus",
    ],
    ["WASM", [], [{ name: "w", platform: "wasip1/wasm" }], "the only build is not for linux/amd64"],
    [
      "what could not be read",
      ["cpu:zen3"],
      ["cuda:newest"],
      'the only build does not fit: the machine lacks (unreadable):"cuda:newest"',
    ],
  ])("%s", (_, offers, builds, reason) => {
    const selection = select(variants(...builds), machine(...offers));
    expect(selection).toMatchObject({ selected: null, action: "leave", code: "nothing-fits", reason });
  });
});

describe("the best variant that every machine can run", () => {
  test.each<[string, readonly (readonly string[])[], readonly (Build | string)[], SelectionCode, string | null]>([
    [
      "the ancestor of both",
      [["cpu:icelake"], ["cpu:broadwell"]],
      ["cpu:haswell", "cpu:skylake", "cpu:broadwell", plain],
      "selected",
      "cpu:broadwell",
    ],
    [
      "what two vendors share",
      [["cpu:icelake"], ["cpu:zen4"]],
      ["cpu:haswell", "cpu:zen2", "x86_64_v3", plain],
      "selected",
      "x86_64_v3",
    ],
    ["the generic build", [["cpu:icelake"], ["cpu:nehalem"]], ["cpu:haswell", plain], "generic", "plain"],
    [
      "a fat binary, by another alternative on each",
      [["nvcap:8.0"], ["nvcap:9.0"]],
      ["nvcap:8.0,nvcap:9.0", "nvcap:9.0", "nvcap:8.0", plain],
      "selected",
      "nvcap:8.0,nvcap:9.0",
    ],
    [
      "the better of two fat binaries",
      [["nvcap:8.6"], ["nvcap:9.0"]],
      ["nvcap:8.0,nvcap:9.0", "nvcap:8.6,nvcap:9.0", "nvptx:7.0"],
      "selected",
      "nvcap:8.6,nvcap:9.0",
    ],
    ["nothing", [["cpu:icelake"], ["cpu:zen4"]], ["cpu:icelake", "cpu:zen4"], "nothing-fits", null],
    ["nothing across architectures", [["cpu:zen3"], ["linux/arm64"]], [plain, "cpu:zen3", arm64], "nothing-fits", null],
    [
      "an ordinary multi-platform image: every runtime finds its own",
      [[], ["linux/arm64"]],
      [plain, arm64],
      "runtime-matched",
      null,
    ],
    ["no machine", [], [plain], "nothing-fits", null],
  ])("%s", (_, machines, builds, code, name) => {
    const selection = selectCommon(
      variants(...builds),
      machines.map((one) => machine(...one)),
    );
    expect([selection.code, chosen(selection, builds)]).toEqual([code, name]);
    expect(selection.action).toBe(name === null ? "leave" : "rewrite");
  });
});
