import { expect, test } from "vitest";
import { asRuntimesRead } from "./as-runtimes-read.ts";
import { formatPlatform } from "./platform.ts";

// The spellings of containerd's platforms package (database.go, v1.0.0-rc.5); that it matches so is held by its own code in
// src/selection/runtimes.
test.each([
  ["linux/i386", "linux/386"],
  ["linux/i386/v7", "linux/386"],
  ["linux/386/v7", "linux/386/v7"],
  ["linux/i686", "linux/i686"],
  ["linux/x86", "linux/x86"],
  ["linux/x86_64", "linux/amd64"],
  ["linux/X86-64/V1", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/1", "linux/amd64/1"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm64/v8.0", "linux/arm64"],
  ["linux/arm64/8.0", "linux/arm64/8.0"],
  ["linux/arm64/9", "linux/arm64/v9"],
  ["linux/arm64/9.0", "linux/arm64/v9"],
  ["linux/arm64/v9.0", "linux/arm64/v9"],
  ["linux/arm64/v9.2", "linux/arm64/v9.2"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/armhf/v6", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["linux/armel/v7", "linux/arm/v6"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/5", "linux/arm/v5"],
  ["linux/arm/6", "linux/arm/v6"],
  ["linux/arm/7", "linux/arm/v7"],
  ["linux/arm/8", "linux/arm/v8"],
  ["linux/arm/4", "linux/arm/4"],
  ["linux/arm/v7l", "linux/arm/v7l"],
  ["linux/ppc64le/power9", "linux/ppc64le/power9"],
  ["macOS/ARM64", "darwin/arm64"],
])("%s is read as %s", (written, read) => {
  const [os = "", architecture = "", variant] = written.split("/");
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }), osVersion: "1" };
  expect(asRuntimesRead(platform)).toMatchObject({ osVersion: "1" });
  expect(formatPlatform(asRuntimesRead(platform))).toBe(read);
});
