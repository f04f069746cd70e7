import { describe, expect, test } from "vitest";
import { formatFeature } from "./feature.ts";
import { formatPlatform, normalizePlatform, platformFits } from "./platform.ts";
import { osVersionFeature, platformFeature } from "./variant.ts";

function platform(text: string) {
  const [os = "", architecture = "", variant] = text.split("/");
  return normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

describe("a platform, normalised, and the CPU that its variant requires", () => {
  test.each([
    ["linux/amd64", "linux/amd64", undefined],
    ["Linux/x86_64", "linux/amd64", undefined],
    ["linux/x86-64/v3", "linux/amd64/v3", "cpu:x86_64_v3"],
    ["linux/amd64/v1", "linux/amd64", undefined],
    ["linux/amd64/v2", "linux/amd64/v2", "cpu:x86_64_v2"],
    ["linux/amd64/v4", "linux/amd64/v4", "cpu:x86_64_v4"],
    ["linux/amd64/v9", "linux/amd64/v9", "cpu:amd64_v9"],
    ["linux/aarch64/v8", "linux/arm64", undefined],
    ["linux/arm64/8", "linux/arm64", undefined],
    ["linux/arm64/v8.2", "linux/arm64/v8.2", "cpu:armv8.2a"],
    ["linux/arm64/v9", "linux/arm64/v9", "cpu:armv9.0a"],
    ["linux/arm64/v9.0", "linux/arm64/v9", "cpu:armv9.0a"],
    ["linux/arm64/v9.2", "linux/arm64/v9.2", "cpu:armv9.2a"],
    ["linux/arm", "linux/arm/v7", "cpu:armv7"],
    ["linux/arm/v5", "linux/arm/v5", "cpu:armv5"],
    ["linux/arm/6", "linux/arm/v6", "cpu:armv6"],
    ["linux/arm/v8", "linux/arm/v8", "cpu:armv8l"],
    ["linux/armhf", "linux/arm/v7", "cpu:armv7"],
    ["linux/armel", "linux/arm/v6", "cpu:armv6"],
    ["linux/armhf/v6", "linux/arm/v7", "cpu:armv7"],
    ["linux/armel/v5", "linux/arm/v6", "cpu:armv6"],
    ["linux/i386", "linux/386", undefined],
    ["linux/i386/v7", "linux/386", undefined],
    ["linux/ppc64le/power9", "linux/ppc64le/power9", "cpu:power9le"],
    ["linux/riscv64/rva22u64", "linux/riscv64/rva22u64", "cpu:rva22u64"],
    ["linux/s390x", "linux/s390x", undefined],
    ["linux/mips64le/softfloat", "linux/mips64le/softfloat", "cpu:mips64le_softfloat"],
    ["macos/arm64", "darwin/arm64", undefined],
    ["wasip1/wasm", "wasip1/wasm", undefined],
  ])("%s → %s, %s", (written, normalised, required) => {
    const read = platform(written);
    expect(formatPlatform(read)).toBe(normalised);
    const feature = platformFeature(read);
    expect(feature === undefined ? undefined : formatFeature(feature)).toBe(required);
    expect(normalizePlatform(read)).toEqual(read);
  });
});

describe("a machine runs an image's os and architecture", () => {
  test.each([
    ["linux/amd64", "linux/amd64", "exact"],
    ["linux/amd64", "linux/amd64/v3", "exact"],
    ["linux/amd64", "linux/386", "fallback"],
    ["linux/386", "linux/amd64", "no"],
    ["linux/arm64", "linux/arm/v7", "fallback"],
    ["linux/arm64", "linux/arm/v5", "fallback"],
    ["linux/arm/v7", "linux/arm64", "no"],
    ["linux/amd64", "windows/amd64", "no"],
    ["windows/amd64", "windows/386", "no"],
    ["linux/amd64", "linux/arm64", "no"],
  ])("%s, %s: %s", (machine, image, expected) => {
    expect(platformFits(platform(machine), platform(image))).toBe(expected);
  });
});

test("has an os.version feature where it has an os.version", () => {
  const windows = normalizePlatform({ os: "windows", architecture: "amd64", osVersion: "10.0.20348.1" });
  expect(osVersionFeature(windows)).toEqual({ namespace: "os.version", value: "10.0.20348.1" });
  expect(osVersionFeature(normalizePlatform({ os: "linux", architecture: "amd64", osVersion: "" }))).toBeUndefined();
});

test("looks at the version of Windows only", () => {
  const linux = { os: "linux", architecture: "amd64" };
  expect(normalizePlatform({ ...linux, osVersion: "10.0:1" })).toEqual(linux);
  expect(normalizePlatform({ ...linux, osVersion: "6.1.0" })).toEqual({ ...linux, osVersion: "6.1.0" });
});

test("a variant counts for nothing beside a name that says it", () => {
  expect(normalizePlatform({ os: "linux", architecture: "i386", variant: "!" })).toEqual(platform("linux/386"));
});

test.each([
  [{ os: "", architecture: "amd64" }, /"" is no platform os/],
  [{ os: "linux", architecture: "amd 64" }, /"amd 64" is no platform architecture/],
  [{ os: "linux", architecture: "amd64", variant: "v3\u0000" }, /"v3\\u0000" is no platform variant/],
  [{ os: "linux", architecture: "x".repeat(4 << 20) }, /4194304 characters/],
  [{ os: "windows", architecture: "amd64", osVersion: "10.0:1" }, /is no platform os\.version/],
])("refused %#", (given, message) => {
  expect(() => normalizePlatform(given)).toThrow(message);
  expect(() => normalizePlatform(given)).toThrow(expect.objectContaining({ code: "PLATFORM_INVALID" }));
});
