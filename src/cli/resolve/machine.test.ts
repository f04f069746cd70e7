import { describe, expect, test } from "vitest";
import { formatFeature } from "../../hardware/feature.ts";
import { formatPlatform } from "../../hardware/platform.ts";
import { declaredMachine } from "./machine.ts";

function shown(list: string, platform?: string, host = "x64"): string {
  const [profile] = declaredMachine(list, platform, host).profiles;
  if (profile === undefined) throw new Error("no profile");
  return [formatPlatform(profile.platform), ...profile.features.map(formatFeature)].join(" ");
}

describe("a machine from a list of features", () => {
  const cases: [list: string, platform: string | undefined, host: string, machine: string][] = [
    ["cpu:skylake", undefined, "arm64", "linux/amd64 cpu:skylake"],
    ["skylake, nvcap=8.0", undefined, "x64", "linux/amd64 cpu:skylake nvcap:8.0"],
    ["cpu:neoverse_v1", undefined, "x64", "linux/arm64 cpu:neoverse_v1"],
    ["fabric:efa", undefined, "arm64", "linux/arm64 fabric:efa"],
    ["fabric:efa", undefined, "x64", "linux/amd64 fabric:efa"],
    ["v3", "linux/amd64", "arm64", "linux/amd64 cpu:x86_64_v3"],
    ["", "linux/arm/v7", "x64", "linux/arm/v7"],
    ["", "windows/amd64", "x64", "windows/amd64"],
  ];
  test.each(cases)("%j on %j, asked on %s", (list, platform, host, machine) => {
    expect(shown(list, platform, host)).toBe(machine);
  });

  test.each([
    ["nvcap:potato", undefined, /nvcap takes a value such as/],
    ["cpu:skylake", "linux", /expected os\/arch/],
    ["cpu:skylake", "linux/amd64/v3/x", /expected os\/arch/],
    ["cpu:skylake", "li nux/amd64", /no platform os/],
  ])("%j on %j is refused", (list, platform, said) => {
    expect(() => declaredMachine(list, platform, "x64")).toThrow(said);
  });
});
