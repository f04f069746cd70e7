import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { formatFeature } from "../hardware/feature.ts";
import { parseFeatures } from "../hardware/parse.ts";
import { verifyDescriptor } from "./descriptor.ts";
import { readIndex } from "./flatten.ts";
import { dockerList, dockerManifest, ociIndex, ociManifest } from "./media-types.ts";
import { buildIndex, type IndexEntry } from "./write-index.ts";

const build = (name: string, features: readonly string[], changes: Partial<IndexEntry> = {}): IndexEntry => ({
  descriptor: { mediaType: ociManifest, digest: digestOf(name), size: 123 },
  platform: { os: "linux", architecture: "amd64" },
  features: features.flatMap((text) => parseFeatures(text, { architecture: "amd64" })),
  ...changes,
});

const entries = [
  build("a", ["cpu:skylake"]),
  build("b", ["cpu:broadwell", "nvcap:7.0", "nvcap:8.0"]),
  build("generic", []),
  build("c", ["avx2", "fma"], { platform: { os: "linux", architecture: "amd64", variant: "v3" } }),
];

const wanted = [
  ["generic", []],
  ["a", ["cpu:skylake"]],
  ["b", ["cpu:broadwell", "nvcap:7.0|nvcap:8.0"]],
  ["c", ["cpuflag:avx2", "cpuflag:fma", "cpu:x86_64_v3"]],
] as const;

describe("an index that is written", () => {
  test.each([
    ["oci", ociIndex],
    ["docker", dockerList],
  ] as const)("as %s reads back as what it was made from, the generic build first", (form, mediaType) => {
    const built = buildIndex(entries, { form });
    expect(built.mediaType).toBe(mediaType);
    verifyDescriptor(built.bytes, built);
    const index = readIndex(built.bytes);
    expect(
      index.complete &&
        index.variants.map((one) => [one.digest, one.requires.map((g) => g.map(formatFeature).join("|"))]),
    ).toEqual(wanted.map(([name, requires]) => [digestOf(name), requires]));
  });

  test("never writes what runtimes would choose by, and gives the same bytes each time", () => {
    const built = buildIndex(entries);
    const text = new TextDecoder().decode(built.bytes);
    expect(text).not.toContain("os.features");
    expect(text).not.toContain('"features"');
    expect(buildIndex(entries).digest).toBe(built.digest);
  });

  test("keeps a priority and annotations, its own winning", () => {
    const built = buildIndex(
      [build("a", ["zen3"], { priority: -2, annotations: { x: "y", "dev.metahub.features": "lie" } })],
      {
        annotations: { "org.opencontainers.image.version": "1" },
      },
    );
    expect(JSON.parse(new TextDecoder().decode(built.bytes))).toMatchObject({
      annotations: { "org.opencontainers.image.version": "1" },
      manifests: [{ annotations: { x: "y", "dev.metahub.features": "cpu:zen3", "dev.metahub.priority": "-2" } }],
    });
    expect(readIndex(built.bytes)).toMatchObject({ variants: [{ priority: -2 }] });
  });

  test("refuses what Docker's form has no place for, and more than can be read", () => {
    const docker = { descriptor: { mediaType: dockerManifest, digest: digestOf("a"), size: 1 } };
    expect(() => buildIndex([build("a", [], { ...docker, priority: 1 })], { form: "docker" })).toThrow(
      expect.objectContaining({ code: "WRONG_VALUE", place: "manifests[0]" }),
    );
    expect(() => buildIndex(Array.from({ length: 1025 }, () => build("a", [])))).toThrow(
      expect.objectContaining({ code: "TOO_MANY_ENTRIES" }),
    );
  });
});
