import type { MadeEntry, RuntimeCase, WrittenPlatform } from "./runtime-cases.ts";

const amd64: WrittenPlatform = { os: "linux", architecture: "amd64" };
const arm64: WrittenPlatform = { os: "linux", architecture: "arm64", variant: "v8" };
const armv7: WrittenPlatform = { os: "linux", architecture: "arm", variant: "v7" };
const armv6: WrittenPlatform = { os: "linux", architecture: "arm", variant: "v6" };
const i386: WrittenPlatform = { os: "linux", architecture: "386" };
const windows = (version: string): WrittenPlatform => ({
  os: "windows",
  architecture: "amd64",
  "os.version": version,
  "os.features": ["win32k"],
});
const server = (version: string): WrittenPlatform => ({ os: "windows", architecture: "amd64", "os.version": version });

const image = (platform: WrittenPlatform): MadeEntry => ({ kind: "image", platform, config: platform });
const unnamed = (config: WrittenPlatform | "absent"): MadeEntry => ({ kind: "image", config });
const artifact = (platform?: WrittenPlatform): MadeEntry => ({ kind: "artifact", ...(platform && { platform }) });
const attestation = (platform?: WrittenPlatform): MadeEntry => ({ kind: "attestation", ...(platform && { platform }) });
const nested = (platform: WrittenPlatform | undefined, ...entries: readonly MadeEntry[]): MadeEntry => ({
  kind: "index",
  ...(platform && { platform }),
  entries,
});

/** Docker Hub's official images: each architecture, and BuildKit's attestation of each. */
const official: readonly MadeEntry[] = [
  amd64,
  { os: "linux", architecture: "arm", variant: "v5" },
  armv7,
  arm64,
  i386,
  ...["ppc64le", "riscv64", "s390x"].map((architecture) => ({ os: "linux", architecture })),
].flatMap((platform) => [image(platform), attestation({ os: "unknown", architecture: "unknown" })]);

/**
 * Indexes as publishers push them, and what is done with each: its code, and the place of what is named. Which manifest
 * runtimes take of each is in runtime-choices.generated.ts.
 */
export const runtimeExamples: readonly (readonly [name: string, made: RuntimeCase, code: string, place?: string])[] = [
  ["an official image", { host: amd64, entries: official }, "runtime-matched", "0"],
  ["an official image on arm64", { host: arm64, entries: official }, "runtime-matched", "6"],
  ["an official image on arm/v6", { host: armv6, entries: official }, "runtime-matched", "2"],
  ["one image", { host: amd64, entries: [image(amd64)] }, "runtime-matched", "0"],
  ["one for each architecture", { host: arm64, entries: [image(amd64), image(arm64)] }, "runtime-matched", "1"],
  ["another architecture alone", { host: arm64, entries: [image(amd64)] }, "nothing-fits"],
  ["arm variants, the best not first", { host: armv7, entries: [image(armv6), image(armv7)] }, "runtime-matched", "1"],
  ["arm variants on an older host", { host: armv6, entries: [image(armv7), image(armv6)] }, "runtime-matched", "1"],
  ["32-bit arm on arm64", { host: arm64, entries: [image(armv6), image(armv7)] }, "runtime-matched", "1"],
  ["386 on amd64", { host: amd64, entries: [image(i386)] }, "runtime-matched", "0"],
  [
    "two of one platform",
    { host: amd64, entries: [image(amd64), { kind: "image", platform: amd64, config: amd64, zstd: true }] },
    "format-only",
    "0",
  ],
  ["no platform, and its configuration fits", { host: amd64, entries: [unnamed(amd64)] }, "runtime-matched", "0"],
  ["no platform, and its configuration does not", { host: amd64, entries: [unnamed(arm64)] }, "nothing-fits"],
  ["no platform, and its configuration is away", { host: amd64, entries: [unnamed("absent")] }, "uncertain"],
  [
    "no platform, beside one that fits",
    { host: amd64, entries: [unnamed("absent"), image(amd64)] },
    "runtime-matched",
    "1",
  ],
  ["no platform, the second fits", { host: amd64, entries: [unnamed(arm64), unnamed(amd64)] }, "generic", "1"],
  ["no platform, behind a fallback", { host: arm64, entries: [image(armv7), unnamed(arm64)] }, "generic", "1"],
  [
    "BuildKit's attestation",
    { host: amd64, entries: [image(amd64), attestation({ os: "unknown", architecture: "unknown" })] },
    "runtime-matched",
    "0",
  ],
  [
    "an attestation with a real platform, behind",
    { host: amd64, entries: [image(amd64), attestation(amd64)] },
    "runtime-matched",
    "0",
  ],
  [
    "an attestation with a real platform, ahead",
    { host: amd64, entries: [attestation(amd64), image(amd64)] },
    "generic",
    "1",
  ],
  ["an artifact ahead", { host: amd64, entries: [artifact(amd64), image(amd64)] }, "generic", "1"],
  [
    "an artifact without a platform ahead",
    { host: amd64, entries: [artifact(), image(amd64)] },
    "runtime-matched",
    "1",
  ],
  ["an artifact alone", { host: amd64, entries: [artifact(amd64)] }, "uncertain"],
  ["an index nested for arm/v7", { host: armv7, entries: [nested(armv7, image(armv7))] }, "runtime-matched", "0.0"],
  [
    "an index nested without a platform",
    { host: amd64, entries: [nested(undefined, image(arm64), image(amd64))] },
    "runtime-matched",
    "0.1",
  ],
  [
    "two such, the second fits",
    { host: amd64, entries: [nested(undefined, image(arm64)), nested(undefined, image(amd64))] },
    "generic",
    "1.0",
  ],
  [
    "Windows of several releases",
    { host: server("10.0.20348"), entries: [image(windows("10.0.20348.169")), image(windows("10.0.26100.1"))] },
    "runtime-matched",
    "0",
  ],
  [
    "Windows of several releases, of which a revision is the later one",
    { host: server("10.0.26100"), entries: [image(windows("10.0.26100.1")), image(windows("10.0.20348.169"))] },
    "selected",
    "0",
  ],
  [
    "Windows of several releases, the best not first",
    { host: server("10.0.26100"), entries: [image(windows("10.0.20348.169")), image(windows("10.0.26100.1"))] },
    "selected",
    "1",
  ],
  [
    "Windows of a later release",
    { host: server("10.0.20348"), entries: [image(windows("10.0.26100.1"))] },
    "nothing-fits",
  ],
  [
    "386 on Windows",
    { host: server("10.0.26100"), entries: [image({ os: "windows", architecture: "386" })] },
    "nothing-fits",
  ],
  [
    "os.features ahead, which some runtimes do not look at",
    { host: amd64, entries: [image({ ...amd64, "os.features": ["sse4"] }), image(amd64)] },
    "generic",
    "1",
  ],
  [
    "os.features behind",
    { host: amd64, entries: [image(amd64), image({ ...amd64, "os.features": ["nydus.remoteimage.v1"] })] },
    "format-only",
    "0",
  ],
  ["arm64/v8.0, an unusual spelling", { host: arm64, entries: [image({ ...arm64, variant: "v8.0" })] }, "generic", "0"],
  [
    "i386 with a variant",
    { host: amd64, entries: [image({ ...i386, architecture: "i386", variant: "v7" })] },
    "runtime-matched",
    "0",
  ],
  [
    "armhf with another variant than its own",
    { host: armv6, entries: [image({ ...armv6, architecture: "armhf" })] },
    "nothing-fits",
  ],
  [
    "a spelling that no runtime knows",
    { host: amd64, entries: [image({ ...i386, architecture: "i686" })] },
    "generic",
    "0",
  ],
  [
    "an attestation for a level of amd64, ahead",
    { host: amd64, entries: [attestation({ ...amd64, variant: "v3" }), image(amd64)] },
    "generic",
    "1",
  ],
  [
    "an index nested for another architecture",
    { host: amd64, entries: [nested(arm64, image(amd64)), image(amd64)] },
    "runtime-matched",
    "1",
  ],
  [
    "an image without a platform, in an index for another architecture than its configuration's",
    { host: amd64, entries: [nested(amd64, unnamed(arm64))] },
    "nothing-fits",
  ],
  ["artifacts without a platform alone", { host: amd64, entries: [artifact(), attestation()] }, "uncertain"],
];
