import { describe, expect, test } from "vitest";
import { createOffer, satisfies } from "./offer.ts";
import { parseFeatureList, parseFeatures } from "./parse.ts";
import { normalizePlatform } from "./platform.ts";

/** Whether a machine, written `[os/]architecture[/variant]: features`, satisfies every feature that a text means. */
function runs(machine: string, required: string): boolean {
  const [platform = "", features = ""] = machine.split("; ");
  const [os = "", architecture = "", variant] = platform.split("/");
  const offer = createOffer(
    normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) }),
    parseFeatureList(features, { architecture }),
  );
  return parseFeatures(required, { architecture }).every((feature) => satisfies(offer, feature));
}

const x86 = "linux/amd64";
const armPlatform = "linux/arm64";

describe.each([
  [
    "cpu: that one, or it descends from it",
    [
      [`${x86}; cpu:skylake`, "cpu:skylake", true],
      [`${x86}; cpu:skylake`, "cpu:broadwell", true],
      [`${x86}; cpu:broadwell`, "cpu:skylake", false],
      [`${x86}; cpu:icelake`, "cpu:zen4", false],
      [`${x86}; cpu:zen5`, "cpu:x86_64_v4", true],
      [`${x86}; cpu:alderlake`, "cpu:x86_64_v4", false],
      [`${x86}; cpu:mic_knl`, "cpu:x86_64_v4", false],
      [`${x86}; cpu:icelake`, "cpu:cascadelake", true],
      [`${x86}; cpu:icelake`, "cpu:cannonlake", true],
      [`${armPlatform}; cpu:neoverse_v2`, "cpu:neoverse_v1", false],
      [`${armPlatform}; cpu:neoverse_v2`, "cpu:neoverse_n1", true],
      [`${armPlatform}; cpu:graviton3`, "cpu:neoverse_v1", true],
      ["linux/ppc64le; cpu:power10", "cpu:power9", true],
      ["linux/riscv64; cpu:x60", "cpu:rva22u64", true],
      ["linux/riscv64; cpu:u74mc", "cpu:rva22u64", false],
    ],
  ],
  [
    "cpu: the architecture is its base, the machine's variant its level",
    [
      [x86, "cpu:x86_64", true],
      [x86, "cpu:x86_64_v2", false],
      [`${x86}/v3`, "cpu:x86_64_v3", true],
      [`${x86}/v3`, "cpu:v4", false],
      [armPlatform, "cpu:aarch64", true],
      [`${armPlatform}/v9.2`, "cpu:armv8.7a", true],
      [`${armPlatform}/v9`, "cpu:armv8.5a", true],
      [`${armPlatform}/v9`, "cpu:armv8.6a", false],
      [armPlatform, "cpu:armv7", true],
      ["linux/arm/v6", "cpu:armv7", false],
      ["linux/s390x", "cpu:x86_64", false],
    ],
  ],
  [
    "cpu: a marketing name is a leaf under what it is",
    [
      [`${x86}; cpu:coffeelake`, "cpu:skylake", true],
      [`${x86}; cpu:skylake`, "cpu:coffeelake", false],
      [`${x86}; cpu:milan`, "cpu:zen3", true],
      [`${x86}; cpu:milan`, "cpu:zen4", false],
      [`${x86}; cpu:zen3`, "cpu:milan", false],
      [`${x86}; cpu:graniterapids`, "cpu:sapphirerapids", true],
      [`${x86}; cpu:cooperlake`, "cpu:cascadelake", true],
      [`${x86}; cpu:tigerlake`, "cpu:icelake", true],
      [`${x86}; cpu:rocketlake`, "cpu:icelake", false],
      [`${x86}; cpu:rocketlake`, "cpu:x86_64_v4", true],
    ],
  ],
  [
    "cpu: a name nobody knows only equals itself",
    [
      [`${x86}; cpu:coffelake`, "cpu:coffelake", true],
      [`${x86}; cpu:coffelake`, "cpu:skylake", false],
      [`${x86}; cpu:coffelake`, "cpu:x86_64_v2", false],
      [`${x86}; cpu:skylake`, "cpu:coffelake", false],
    ],
  ],
  [
    "cpuflag: in its set: said, or implied by the CPU's name or by another flag",
    [
      [`${x86}; cpuflag:avx2`, "cpuflag:avx2", true],
      [`${x86}; cpu:skylake`, "avx2", true],
      [`${x86}; cpu:skylake`, "avx512f", false],
      [`${x86}; cpu:skylake`, "sse4", true],
      [`${x86}; cpuflag:avx512vl`, "avx512", true],
      [`${x86}; cpuflag:avx2`, "avx", true],
      [`${x86}; cpuflag:avx`, "avx2", false],
      [x86, "sse2", true],
      [x86, "avx2", false],
      [`${x86}/v3`, "avx2", true],
      [armPlatform, "neon", true],
      [armPlatform, "sve", false],
      [`${armPlatform}; cpu:grace`, "sve2", true],
      ["linux/ppc64le; cpu:power9", "vsx", true],
      ["linux/s390x", "avx2", false],
    ],
  ],
  [
    "nvcap: machine code, same major, minor not below",
    [
      [`${x86}; nvcap:8.6`, "nvcap:8.0", true],
      [`${x86}; nvcap:8.0`, "nvcap:8.6", false],
      [`${x86}; nvcap:9.0`, "nvcap:8.9", false],
      [`${x86}; nvcap:9.0`, "nvcap:9.0a", true],
      [`${x86}; nvcap:10.0`, "nvcap:9.0a", false],
      [`${x86}; nvcap:10.3`, "nvcap:10.0a", false],
      [`${x86}; nvcap:10.0`, "nvcap:10.0f", true],
      [`${x86}; nvcap:10.3`, "nvcap:10.0f", true],
      [`${x86}; nvcap:10.0`, "nvcap:10.3f", false],
      [`${x86}; nvcap:12.0`, "nvcap:10.0f", false],
      [`${x86}; nvcap:12.1`, "nvcap:12.0f", true],
      [`${x86}; nvcap:12.0`, "nvcap:12.1f", false],
      [`${armPlatform}; nvcap:11.0`, "nvcap:11.0f", true],
      [`${armPlatform}; nvcap:8.7`, "nvcap:8.7", true],
      [`${armPlatform}; nvcap:8.7`, "nvcap:8.6", false],
      [`${x86}; nvcap:8.9`, "nvcap:8.7", false],
      [`${armPlatform}; nvcap:7.2`, "nvcap:7.0", false],
      [x86, "nvcap:8.0", false],
    ],
  ],
  [
    "nvptx: any capability not below; with a or f as above",
    [
      [`${x86}; nvcap:9.0`, "nvptx:8.0", true],
      [`${x86}; nvcap:8.0`, "nvptx:9.0", false],
      [`${x86}; nvcap:12.0`, "nvptx:9.0a", false],
      [`${x86}; nvcap:9.0`, "nvptx:9.0a", true],
      [`${x86}; nvcap:10.3`, "nvptx:10.0f", true],
      [`${armPlatform}; nvcap:8.7`, "nvptx:8.0", true],
      [x86, "nvptx:5.0", false],
    ],
  ],
  [
    "several devices: what all of them satisfy",
    [
      [`${x86}; nvcap:8.0,nvcap:8.6`, "nvcap:8.0", true],
      [`${x86}; nvcap:8.0,nvcap:8.6`, "nvcap:8.6", false],
      [`${x86}; nvcap:8.0,nvcap:9.0`, "nvptx:8.0", true],
      [`${x86}; nvcap:8.0,nvcap:9.0`, "nvcap:8.0", false],
      [`${x86}; gfx:gfx90a,gfx:gfx942`, "gfx:gfx90a", false],
      [`${x86}; gfx:gfx942,gfx:gfx950`, "gfx:gfx9-4-generic", true],
      [`${x86}; nvdriver:550.1,nvdriver:535.1`, "nvdriver:540", false],
    ],
  ],
  [
    "nvdriver, cuda, rocm, amddriver, kernel: version not below",
    [
      [`${x86}; nvdriver:535.104.05`, "nvdriver:535.104.5", true],
      [`${x86}; nvdriver:535.104.05`, "nvdriver:535.86", true],
      [`${x86}; nvdriver:535.104.05`, "nvdriver:550", false],
      [`${x86}; cuda:12.4`, "cuda:12.4", true],
      [`${x86}; cuda:12.10`, "cuda:12.4", true],
      [`${x86}; cuda:12.4`, "cuda:13.0", false],
      [`${x86}; rocm:6.2.1`, "rocm:6.2", true],
      [`${x86}; amddriver:6.8.5`, "amddriver:6.10", false],
      [`${x86}; kernel:6.8.0-45-generic`, "kernel:6.8", true],
      [`${x86}; kernel:6.8.0-45-generic`, "kernel:6.8.0-50", false],
      [`${x86}; kernel:5.14.0-427.el9.x86_64`, "kernel:5.15", false],
    ],
  ],
  [
    "gfx: same target; a required setting is stated; generic targets by LLVM's table",
    [
      [`${x86}; gfx:gfx90a`, "gfx:gfx90a", true],
      [`${x86}; gfx:gfx90a`, "gfx:gfx908", false],
      [`${x86}; gfx:gfx90a:sramecc+:xnack-`, "gfx:gfx90a", true],
      [`${x86}; gfx:gfx90a:sramecc+:xnack-`, "gfx:gfx90a:xnack-", true],
      [`${x86}; gfx:gfx90a:sramecc+:xnack-`, "gfx:gfx90a:xnack+", false],
      [`${x86}; gfx:gfx90a`, "gfx:gfx90a:xnack+", false],
      [`${x86}; gfx:gfx90a:xnack-`, "gfx:gfx90a:sramecc+:xnack-", false],
      [`${x86}; gfx:gfx906`, "gfx:gfx9-generic", true],
      [`${x86}; gfx:gfx90a`, "gfx:gfx9-generic", false],
      [`${x86}; gfx:gfx942`, "gfx:gfx9-4-generic", true],
      [`${x86}; gfx:gfx942:xnack+`, "gfx:gfx9-4-generic:xnack+", true],
      [`${x86}; gfx:gfx1012`, "gfx:gfx10-1-generic", true],
      [`${x86}; gfx:gfx1036`, "gfx:gfx10-3-generic", true],
      [`${x86}; gfx:gfx1036`, "gfx:gfx10-1-generic", false],
      [`${x86}; gfx:gfx1151`, "gfx:gfx11-generic", true],
      [`${x86}; gfx:gfx1201`, "gfx:gfx12-generic", true],
      [`${x86}; gfx:gfx1250`, "gfx:gfx12-generic", false],
      [`${x86}; gfx:gfx1250`, "gfx:gfx12-5-generic", true],
      [`${x86}; gfx:gfx9-4-generic`, "gfx:gfx942", false],
    ],
  ],
  [
    "os.version: from build 20348 the previous long-term release up to the host; below, three equal numbers",
    [
      ["windows/amd64; os.version:10.0.17763.4377", "os.version:10.0.17763.1", true],
      ["windows/amd64; os.version:10.0.17763.4377", "os.version:10.0.17134.1", false],
      ["windows/amd64; os.version:10.0.20348.2", "os.version:10.0.20348.1", true],
      ["windows/amd64; os.version:10.0.20348.2", "os.version:10.0.17763.1", false],
      ["windows/amd64; os.version:10.0.25398.1", "os.version:10.0.20348.1", true],
      ["windows/amd64; os.version:10.0.26100.1", "os.version:10.0.20348.1", true],
      ["windows/amd64; os.version:10.0.26200.1", "os.version:10.0.20348.1", true],
      ["windows/amd64; os.version:10.0.20348.1", "os.version:10.0.26100.1", false],
      ["windows/amd64; os.version:11.0.26100.1", "os.version:10.0.26100.1", false],
      ["windows/amd64", "os.version:10.0.20348.1", false],
    ],
  ],
  [
    "any other: one of its values equals",
    [
      [`${x86}; fabric:efa,fabric:slingshot`, "fabric:slingshot", true],
      [`${x86}; fabric:efa`, "fabric:slingshot", false],
      [`${x86}; mpi:openmpi`, "fabric:efa", false],
      [`${x86}; win32k`, "feature:win32k", true],
    ],
  ],
] satisfies [string, [string, string, boolean][]][])("%s", (_rule, rows) => {
  test.each(rows)("%s | %s → %s", (machine, required, expected) => {
    expect(runs(machine, required)).toBe(expected);
  });
});

test("the platform's own os.version is offered where no feature says another", () => {
  const platform = { os: "windows", architecture: "amd64", osVersion: "10.0.26100.1" };
  const [required] = parseFeatures("os.version:10.0.20348.5");
  expect(required !== undefined && satisfies(createOffer(platform, []), required)).toBe(true);
  const declared = createOffer(platform, parseFeatures("os.version:10.0.17763.1"));
  expect(required !== undefined && satisfies(declared, required)).toBe(false);
});
