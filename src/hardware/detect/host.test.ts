import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuinfos } from "../../../test/support/hardware/cpuinfo.ts";
import { formatFeature } from "../feature.ts";
import { formatPlatform } from "../platform.ts";
import { type HostReport, hostOffer } from "./host.ts";

describe("a host's offer", () => {
  test.each<[string, HostReport, string, readonly string[]]>([
    [
      "a GPU server",
      {
        cpu: { cpuinfo: cpuinfos.broadwell },
        machine: "x86_64",
        kernelRelease: "6.8.0-45-generic\n",
        nvidiaSmi: { query: "9.0, 570.86.15, NVIDIA H200\n", header: "CUDA Version: 12.8" },
      },
      "linux/amd64",
      ["cpu:broadwell", "cpuflag:fsgsbase", "cuda:12.8", "kernel:6.8.0-45-generic", "nvcap:9.0", "nvdriver:570.86.15"],
    ],
    [
      "an AMD server, with ROCm",
      {
        cpu: { cpuinfo: cpuinfos.zen3 },
        rocminfo: "Agent 2\n  Device Type:  GPU\n  Name:  amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-\n",
        kfdNodes: ["gfx_target_version 90010\n"],
        rocmVersion: "6.2.0-66\n",
        amdgpuVersion: "6.8.5\n",
      },
      "linux/amd64",
      ["amddriver:6.8.5", "cpu:zen3", "gfx:gfx90a:sramecc+:xnack-", "rocm:6.2.0-66"],
    ],
    [
      "an AMD server, without ROCm",
      { cpu: { cpuinfo: cpuinfos.zen3 }, kfdNodes: ["gfx_target_version 90010\n"] },
      "linux/amd64",
      ["cpu:zen3", "gfx:gfx90a"],
    ],
    ["an arm64 server", { cpu: { cpuinfo: cpuinfos.neoverse_n1 } }, "linux/arm64", ["cpu:neoverse_n1", "cpuflag:ssbs"]],
    ["a small board", { cpu: { cpuinfo: cpuinfos.neoverse_n1 }, machine: "armv7l" }, "linux/arm/v7", ["cpu:arm"]],
    ["Power", { cpu: { cpuinfo: cpuinfos.power9 } }, "linux/ppc64le", ["cpu:power9le"]],
    ["RISC-V", { cpu: { cpuinfo: cpuinfos.riscv64 } }, "linux/riscv64", ["cpu:u74mc"]],
    [
      "a Mac",
      { cpu: { sysctl: "machdep.cpu.brand_string: Apple M2\n" }, kernelRelease: "24.1.0" },
      "darwin/arm64",
      ["cpu:m2"],
    ],
  ])("%s", (_, report, platform, features) => {
    const offer = hostOffer(report);
    expect(formatPlatform(offer.platform)).toBe(platform);
    expect(
      offer.features.map(formatFeature).filter((text) => !/^cpuflag:(rdrand|adx|rdpid|sha_ni)$/.test(text)),
    ).toEqual(features);
    expect(offer.notes).toEqual([]);
  });

  test("Linux's name for sse3", () => {
    const offer = hostOffer({ cpu: { cpuinfo: cpuinfos.maskedToBaseline } });
    expect(offer.features.map(formatFeature)).toEqual(["cpu:x86_64", "cpuflag:cx16", "cpuflag:sse3"]);
  });

  test("what a probe could not read is left out, with a note", () => {
    const offer = hostOffer({ cpu: { cpuinfo: cpuinfos.skylake }, nvidiaSmi: { query: "No devices were found\n" } });
    expect(offer.features.map(formatFeature)).toContain("cpu:skylake");
    expect(offer.notes).toHaveLength(1);
  });

  test("never throws, and always names exactly one CPU", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...Object.values(cpuinfos)));
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (cpu, other, machine, mac) => {
        const offer = hostOffer({
          cpu: mac ? { sysctl: cpu } : { cpuinfo: cpu },
          ...(machine.length % 2 === 0 ? {} : { machine }),
          kernelRelease: other,
          nvidiaSmi: { query: other, header: other },
          rocminfo: other,
          kfdNodes: [other],
          rocmVersion: other,
          amdgpuVersion: other,
        });
        expect(offer.features.filter(({ namespace }) => namespace === "cpu")).toHaveLength(1);
      }),
    );
  });
});
