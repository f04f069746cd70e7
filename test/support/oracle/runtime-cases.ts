import fc from "fast-check";

/** An OCI platform as it is written; absent fields are not written. */
export interface WrittenPlatform {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
}

/** An entry of a made-up index. `config` is the platform of an image's configuration. */
export type MadeEntry =
  | {
      readonly kind: "image";
      readonly platform?: WrittenPlatform;
      readonly config: WrittenPlatform | "absent";
      readonly zstd?: true;
      readonly docker?: true;
    }
  /** Of another type than an image; with its mark in the index. */
  | { readonly kind: "artifact" | "attestation"; readonly platform?: WrittenPlatform }
  /** Neither a manifest nor an index. */
  | { readonly kind: "alien"; readonly platform?: WrittenPlatform }
  | { readonly kind: "index"; readonly platform?: WrittenPlatform; readonly entries: readonly MadeEntry[] };

export interface RuntimeCase {
  readonly host: WrittenPlatform;
  readonly entries: readonly MadeEntry[];
}

/** As containerd and CRI-O detect them: no variant but ARM's. */
const hosts: readonly WrittenPlatform[] = [
  { os: "linux", architecture: "amd64" },
  { os: "linux", architecture: "arm64", variant: "v8" },
  { os: "linux", architecture: "arm", variant: "v7" },
  { os: "linux", architecture: "arm", variant: "v6" },
  { os: "linux", architecture: "386" },
  { os: "linux", architecture: "ppc64le" },
  { os: "linux", architecture: "s390x" },
  { os: "linux", architecture: "riscv64" },
  ...["10.0.17763", "10.0.20348", "10.0.26100"].map((version) => ({
    os: "windows",
    architecture: "amd64",
    "os.version": version,
  })),
];

/** Architectures with variants as publishers write them, by likelihood. */
const architectures: readonly (readonly [architecture: string, variants: readonly string[]])[] = [
  ["amd64", ["", "", "", "v1", "v2"]],
  ["arm64", ["", "", "v8", "v8", "8", "v8.0", "v8.2", "v9"]],
  ["arm", ["v7", "v7", "v6", "v6", "v5", "v8", "", "7", "6"]],
  ["386", [""]],
  ["ppc64le", ["", "power9"]],
  ["s390x", [""]],
  ["riscv64", ["", "rva23u64"]],
  ["x86_64", ["", "v1"]],
  ["aarch64", ["", "v8"]],
];

/** Every spelling that containerd's platforms package knows (database.go), what is close to one, and what is none. */
const spellings = [
  ...["386", "i386", "i686", "x86", "I386", "amd64", "x86_64", "x86-64", "AMD64", "X86_64", "amd64p32", "x64"],
  ...["arm", "armhf", "armel", "armbe", "armv7", "armv7l", "arm64", "aarch64", "AArch64", "arm64be", "armv8"],
  ...["ppc64", "ppc64le", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc", "riscv", "riscv64"],
  ...["s390", "s390x", "sparc", "sparc64", "wasm", "x".repeat(65), "amd 64", "\u00e1", "?"],
];
const variants = [
  ...["", "", "", "v1", "1", "v2", "2", "V3", "v4", "v9", "5", "6", "7", "8", "v4", "v5", "v6", "v7", "v8", "V7"],
  ...[
    "9",
    "8.0",
    "v8.0",
    "v8.1",
    "v8.9",
    "9.0",
    "v9",
    "v9.0",
    "v9.6",
    "V8.0",
    "v7l",
    "softfloat",
    "power9",
    "rva22u64",
  ],
  ...["unknown", "x".repeat(65), "v 7", "\u0000", "!"],
];

const versions = ["10.0.17763.1879", "10.0.20348.169", "10.0.20348.2000", "10.0.25398.1", "10.0.26100.1", "11"];

const usual = fc
  .oneof(
    { weight: 7, arbitrary: fc.constantFrom(...architectures.slice(0, 3)) },
    { weight: 3, arbitrary: fc.constantFrom(...architectures) },
  )
  .chain(([name, own]) => fc.constantFrom(...own).map((variant) => ({ architecture: name, ...given({ variant }) })));

const spelled = fc
  .tuple(fc.constantFrom(...spellings), fc.constantFrom(...variants))
  .map(([name, variant]) => ({ architecture: name, ...given({ variant }) }));

const architecture = fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: spelled });

const linux = fc
  .tuple(
    architecture,
    fc.oneof({ weight: 12, arbitrary: fc.constant("linux") }, fc.constantFrom("Linux", "", "darwin", "macos")),
    fc.oneof(
      { weight: 12, arbitrary: fc.constant([]) },
      fc.constantFrom(["nydus.remoteimage.v1"], ["sse4"], ["win32k"]),
    ),
    fc.oneof({ weight: 20, arbitrary: fc.constant("") }, fc.constantFrom("6.1.0", "10.0:1", "x".repeat(65))),
  )
  .map(([rest, os, features, version]) => ({
    ...rest,
    ...given({ os, "os.version": version }),
    ...(features.length > 0 ? { "os.features": features } : {}),
  }));

const windows = fc
  .tuple(fc.constantFrom("amd64", "amd64", "amd64", "386", "arm64"), fc.constantFrom("", ...versions), fc.boolean())
  .map(([name, version, win32k]) => ({
    os: "windows",
    architecture: name,
    ...given({ "os.version": version }),
    ...(win32k ? { "os.features": ["win32k"] } : {}),
  }));

const odd: fc.Arbitrary<WrittenPlatform> = fc.constantFrom(
  {},
  { os: "linux" },
  { os: "unknown", architecture: "unknown" },
  { os: "linux", architecture: "amd 64" },
);

const platform: fc.Arbitrary<WrittenPlatform> = fc.oneof(
  { weight: 12, arbitrary: linux },
  { weight: 4, arbitrary: windows },
  { weight: 1, arbitrary: odd },
);

const maybePlatform = fc.oneof(
  { weight: 4, arbitrary: platform.map((one) => ({ platform: one })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

/** The configuration of an image that says its platform in the index says the same, and nobody asks for it. */
const image: fc.Arbitrary<MadeEntry> = fc
  .tuple(maybePlatform, fc.oneof({ weight: 8, arbitrary: platform }, fc.constant<"absent">("absent")), marks())
  .map(([own, config, more]) => ({
    kind: "image",
    ...own,
    config: "platform" in own ? own.platform : config,
    ...more,
  }));

function marks(): fc.Arbitrary<{ readonly zstd?: true; readonly docker?: true }> {
  return fc.constantFrom({}, {}, {}, {}, { zstd: true as const }, { docker: true as const });
}

const foreign: fc.Arbitrary<MadeEntry> = fc
  .tuple(fc.constantFrom("artifact", "attestation", "alien"), maybePlatform)
  .map(([kind, own]) => ({ kind, ...own }) as MadeEntry);

/** What is nested may contradict the platform of the index around it, in its own platform or in its configuration. */
function nested(depth: number): fc.Arbitrary<MadeEntry> {
  return fc
    .tuple(maybePlatform, fc.array(entry(depth - 1), { maxLength: 3 }))
    .map(([own, entries]) => ({ kind: "index", ...own, entries }));
}

function entry(depth: number): fc.Arbitrary<MadeEntry> {
  return depth === 0
    ? fc.oneof({ weight: 6, arbitrary: image }, { weight: 1, arbitrary: foreign })
    : fc.oneof(
        { weight: 8, arbitrary: image },
        { weight: 2, arbitrary: foreign },
        { weight: 2, arbitrary: nested(depth) },
      );
}

export const runtimeCase: fc.Arbitrary<RuntimeCase> = fc.record({
  host: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...hosts.slice(0, 3)) }, fc.constantFrom(...hosts)),
  entries: fc.array(entry(2), { maxLength: 6 }),
});

function given<T extends Record<string, string>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "")) as Partial<T>;
}
