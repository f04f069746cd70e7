import { describe, expect, test } from "vitest";
import { annotated, digestOf, entry, indexBytes, readEntries } from "../../test/support/oci/indexes.ts";
import { formatFeature } from "../hardware/feature.ts";
import { flattenIndex, maxDepth, maxNested, readIndex } from "./flatten.ts";
import { dockerList, dockerManifest, ociIndex } from "./media-types.ts";

const nested = (name: string, changes: Record<string, unknown> = {}): unknown =>
  entry(name, { mediaType: ociIndex, platform: undefined, ...changes });

/** Documents by the names under which entries call them. */
const documents = (byName: Record<string, Uint8Array>): Map<string, Uint8Array> =>
  new Map(Object.entries(byName).map(([name, bytes]) => [digestOf(name), bytes]));

describe("entries that are passed over without a word", () => {
  test.each([
    [
      "BuildKit's attestation",
      {
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      },
    ],
    ["an attestation with a platform", { annotations: { "vnd.docker.reference.type": "attestation-manifest" } }],
    ["unknown/unknown alone", { platform: { os: "unknown", architecture: "unknown" } }],
    ["an artifact", { artifactType: "application/vnd.example.sbom" }],
    [
      "a SOCI index",
      {
        artifactType: "application/vnd.amazon.soci.index.v2+json",
        annotations: { "com.amazon.soci.image-manifest-digest": digestOf("x") },
      },
    ],
    ["a media type that nobody knows", { mediaType: "application/vnd.example.thing" }],
    ["Docker's schema 1", { mediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws" }],
    ["no media type", { mediaType: undefined }],
  ])("%s", (_, changes) => {
    const { variants, warnings } = readEntries(entry("a", changes), entry("b"));
    expect(variants.map((variant) => [variant.digest, variant.position])).toEqual([[digestOf("b"), 1]]);
    expect(warnings).toEqual([]);
  });
});

describe("entries that are images", () => {
  test("an artifactType that is only the copied type of an image's configuration", () => {
    const { variants } = readEntries(entry("a", { artifactType: "application/vnd.oci.image.config.v1+json" }));
    expect(variants).toHaveLength(1);
    expect(variants[0]).not.toHaveProperty("artifactType");
  });

  test("Docker's manifest list", () => {
    const list = indexBytes([entry("a", { mediaType: dockerManifest })], { mediaType: dockerList });
    expect(readIndex(list)).toMatchObject({ complete: true, variants: [{ mediaType: dockerManifest }] });
  });

  test("an index without a media type, as old ones are, and one whose list Go wrote as null", () => {
    expect(readIndex(indexBytes([entry("a")], { mediaType: undefined }))).toMatchObject({ variants: [{}] });
    expect(readIndex(indexBytes(null))).toMatchObject({ complete: true, variants: [] });
  });

  test("WASM, with a platform that no ordinary node has", () => {
    const { variants } = readEntries(entry("a", { platform: { os: "wasip1", architecture: "wasm" } }));
    expect(variants[0]?.platform).toEqual({ os: "wasip1", architecture: "wasm" });
  });

  test("artifacts where they are asked for", () => {
    const bytes = indexBytes([entry("a", { artifactType: "application/vnd.sylabs.sif" })]);
    expect(readIndex(bytes, { artifacts: true })).toMatchObject({
      variants: [{ artifactType: "application/vnd.sylabs.sif" }],
    });
  });

  test("the same digest again with other requirements: either will do", () => {
    const { variants } = readEntries(annotated("a", "cpu:zen3"), annotated("a", "cpu:icelake"));
    expect(variants.map((variant) => variant.digest)).toEqual([digestOf("a"), digestOf("a")]);
  });
});

describe("an entry without a platform", () => {
  test.each([
    ["none", undefined],
    ["null", null],
    ["empty", {}],
    ["only an os", { os: "linux" }],
  ])("%s: is named, not chosen, and read once its configuration tells", (_, platform) => {
    const bytes = indexBytes([entry("a", { platform, annotations: { "dev.metahub.features": "cpu:zen3" } })]);
    const first = readIndex(bytes);
    expect(first).toMatchObject({ variants: [], unidentified: [{ digest: digestOf("a") }] });
    expect(first).toHaveProperty("warnings", [expect.stringContaining("manifests[0] has no platform")]);

    const configured = new Map([[digestOf("a"), { os: "linux", architecture: "amd64" }]]);
    expect(readIndex(bytes, { configured })).toMatchObject({
      variants: [{ platform: { architecture: "amd64" }, requires: [[{ namespace: "cpu", value: "zen3" }]] }],
      unidentified: [],
      warnings: [],
    });
  });
});

describe("nested indexes", () => {
  test("are asked for, then flattened depth first", () => {
    const root = indexBytes([entry("a"), nested("middle"), entry("z")]);
    const first = flattenIndex("root", new Map([["root", root]]));
    expect(first).toMatchObject({
      complete: false,
      missing: [{ digest: digestOf("middle"), mediaType: ociIndex, size: 500 }],
    });

    const middle = indexBytes([entry("b"), nested("inner"), entry("d")]);
    const second = flattenIndex("root", new Map([["root", root], ...documents({ middle })]));
    expect(second).toMatchObject({ complete: false, missing: [{ digest: digestOf("inner") }] });

    const all = new Map([["root", root], ...documents({ middle, inner: indexBytes([entry("c")]) })]);
    const third = flattenIndex("root", all);
    expect(third.complete && third.variants.map((variant) => [variant.digest, variant.position])).toEqual(
      ["a", "b", "c", "d", "z"].map((name, position) => [digestOf(name), position]),
    );
  });

  test("what the outer entry requires, its entries require too", () => {
    const outer = nested("inner", {
      annotations: { "dev.metahub.features": "fabric:efa", "dev.metahub.priority": "3" },
    });
    const all = new Map([
      ["root", indexBytes([outer])],
      ...documents({ inner: indexBytes([entry("a"), annotated("b", "zen3")]) }),
    ]);
    const index = flattenIndex("root", all);
    expect(
      index.complete &&
        index.variants.map((one) => [one.requires.flat().map(formatFeature), one.priority, one.runtimeMatched]),
    ).toEqual([
      [["fabric:efa"], 3, false],
      [["fabric:efa", "cpu:zen3"], 3, false],
    ]);
  });

  test("a cycle is refused", () => {
    const loop = documents({ a: indexBytes([nested("b")]), b: indexBytes([entry("x"), nested("a")]) });
    expect(() => flattenIndex(digestOf("a"), loop)).toThrow(
      expect.objectContaining({ code: "NESTED_CYCLE", place: "manifests[0] > manifests[1]" }),
    );
  });

  test("too deep is refused before anything more is fetched", () => {
    const names = Array.from({ length: maxDepth + 1 }, (_, index) => `level${index}`);
    const chain = documents(
      Object.fromEntries(names.map((name, index) => [name, indexBytes([nested(`level${index + 1}`)])])),
    );
    expect(() => flattenIndex(digestOf("level0"), chain)).toThrow(expect.objectContaining({ code: "NESTED_TOO_DEEP" }));
  });

  test("too many are refused", () => {
    const many = indexBytes(Array.from({ length: maxNested + 1 }, (_, index) => nested(`n${index}`)));
    expect(() => readIndex(many)).toThrow(expect.objectContaining({ code: "TOO_MANY_NESTED" }));
  });

  test("the count holds over all of them together, also where one is listed again and again", () => {
    const inner = indexBytes(Array.from({ length: 100 }, (_, index) => entry(`e${index}`)));
    const root = indexBytes(Array.from({ length: 11 }, () => nested("inner")));
    expect(() => flattenIndex("root", new Map([["root", root], ...documents({ inner })]))).toThrow(
      expect.objectContaining({ code: "TOO_MANY_ENTRIES" }),
    );
  });

  test("an error inside one says where", () => {
    const all = new Map([
      ["root", indexBytes([nested("inner")])],
      ...documents({ inner: indexBytes([entry("a", { size: -1 })]) }),
    ]);
    expect(() => flattenIndex("root", all)).toThrow(
      expect.objectContaining({ place: "manifests[0] > manifests[0].size" }),
    );
  });
});

describe("formats", () => {
  test.each([
    ["plain", {}],
    ["zstd", { annotations: { "io.github.containers.compression.zstd": "true" } }],
    ["plain", { annotations: { "io.github.containers.compression.zstd": "false" } }],
    ["soci", { annotations: { "com.amazon.soci.index-digest": digestOf("s") } }],
    ["estargz", { annotations: { "containerd.io/snapshot/stargz/toc.digest": digestOf("t") } }],
    ["nydus", { platform: { os: "linux", architecture: "amd64", "os.features": ["nydus.remoteimage.v1"] } }],
    ["erofs", { platform: { os: "linux", architecture: "amd64", "os.features": ["erofs"] } }],
  ])("%s", (format, changes) => {
    const { variants } = readEntries(entry("a", changes));
    expect(variants[0]).toMatchObject({ format, requires: [], runtimeMatched: true });
  });

  test("a SOCI index names the image that it belongs to", () => {
    const index = entry("s", {
      artifactType: "x/soci",
      annotations: { "com.amazon.soci.image-manifest-digest": digestOf("a") },
    });
    expect(readEntries(entry("a"), entry("b"), index).variants.map((one) => one.format)).toEqual(["soci", "plain"]);
  });
});

describe("a better build that says so only in features", () => {
  test("beside one with a variant is warned about", () => {
    const { warnings } = readEntries(
      annotated("a", "cpu:x86_64_v3"),
      entry("b", { platform: { os: "linux", architecture: "amd64", variant: "v2" } }),
    );
    expect(warnings).toEqual([
      "Entry 0 requires cpu:x86_64_v3 but names no platform variant, while entry 1 is linux/amd64/v2: " +
        "runtimes by themselves take the first for v1.",
    ]);
  });

  test.each([
    ["without such a sibling", [annotated("a", "cpu:x86_64_v3"), entry("b")]],
    [
      "where the sibling is v1",
      [annotated("a", "cpu:x86_64_v3"), entry("b", { platform: { architecture: "amd64", variant: "v1" } })],
    ],
    [
      "where it has a variant itself",
      [
        annotated("a", "cpu:skylake", { variant: "v3" }),
        entry("b", { platform: { architecture: "amd64", variant: "v2" } }),
      ],
    ],
    [
      "where what it requires is no CPU",
      [annotated("a", "fabric:efa"), entry("b", { platform: { architecture: "amd64", variant: "v2" } })],
    ],
  ])("%s is not", (_, entries) => {
    expect(readEntries(...entries).warnings).toEqual([]);
  });
});
