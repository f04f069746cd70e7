import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, entry, indexBytes, readEntries } from "../../test/support/oci/indexes.ts";
import { maxEntries } from "./document.ts";
import { OciError } from "./error.ts";
import { flattenIndex, readIndex } from "./flatten.ts";

const amd64 = { os: "linux", architecture: "amd64" };

describe("an index that is wrong ends in one error with a code and the place", () => {
  test.each([
    ["a number", "WRONG_TYPE", "document", 7],
    ["a list", "WRONG_TYPE", "document", []],
    ["nothing", "WRONG_TYPE", "document", null],
    ["schema 1", "NOT_AN_INDEX", "schemaVersion", { schemaVersion: 1, manifests: [] }],
    ["no schema", "NOT_AN_INDEX", "schemaVersion", { manifests: [] }],
    ["no manifests", "NOT_AN_INDEX", undefined, { schemaVersion: 2 }],
    [
      "an image",
      "NOT_AN_INDEX",
      "mediaType",
      { schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", layers: [] },
    ],
    ["index and image at once", "NOT_AN_INDEX", "layers", { schemaVersion: 2, manifests: [], layers: [] }],
    ["index and image at once, by config", "NOT_AN_INDEX", "config", { schemaVersion: 2, manifests: [], config: {} }],
    ["manifests that are an object", "WRONG_TYPE", "manifests", index({})],
    ["manifests that are a text", "WRONG_TYPE", "manifests", index("all")],
    ["a media type that is a number", "WRONG_TYPE", "mediaType", { schemaVersion: 2, mediaType: 2, manifests: [] }],
    ["an entry that is a text", "WRONG_TYPE", "manifests[1]", index([entry("a"), "b"])],
    ["an entry that is null", "WRONG_TYPE", "manifests[0]", index([null])],
    ["a digest that is a list", "WRONG_TYPE", "manifests[0].digest", index([entry("a", { digest: ["sha256:x"] })])],
    ["a size below zero", "WRONG_VALUE", "manifests[0].size", index([entry("a", { size: -1 })])],
    ["a size that is no whole number", "WRONG_VALUE", "manifests[0].size", index([entry("a", { size: 1.5 })])],
    ["a size past exact numbers", "WRONG_VALUE", "manifests[0].size", index([entry("a", { size: 2 ** 60 })])],
    ["a size that is a text", "WRONG_TYPE", "manifests[0].size", index([entry("a", { size: "1" })])],
    [
      "a platform that is a text",
      "WRONG_TYPE",
      "manifests[0].platform",
      index([entry("a", { platform: "linux/amd64" })]),
    ],
    [
      "an architecture that is a number",
      "WRONG_TYPE",
      "manifests[3].platform.architecture",
      index([entry("a"), entry("b"), entry("c"), entry("d", { platform: { architecture: 64 } })]),
    ],
    [
      "an os that is a list",
      "WRONG_TYPE",
      "manifests[0].platform.os",
      index([entry("a", { platform: { ...amd64, os: [] } })]),
    ],
    [
      "a variant that is a number",
      "WRONG_TYPE",
      "manifests[0].platform.variant",
      index([entry("a", { platform: { ...amd64, variant: 3 } })]),
    ],
    [
      "features that are a text",
      "WRONG_TYPE",
      "manifests[0].platform.features",
      index([entry("a", { platform: { ...amd64, features: "avx2" } })]),
    ],
    [
      "a feature that is a number",
      "WRONG_TYPE",
      "manifests[0].platform.features[1]",
      index([entry("a", { platform: { ...amd64, features: ["avx2", 5.2] } })]),
    ],
    [
      "an os feature that is null",
      "WRONG_TYPE",
      'manifests[0].platform["os.features"][0]',
      index([entry("a", { platform: { ...amd64, "os.features": [null] } })]),
    ],
    [
      "annotations that are a list",
      "WRONG_TYPE",
      "manifests[0].annotations",
      index([entry("a", { annotations: ["x"] })]),
    ],
    [
      "an annotation that is a number",
      "WRONG_TYPE",
      'manifests[0].annotations["dev.metahub.priority"]',
      index([entry("a", { annotations: { "dev.metahub.priority": 5 } })]),
    ],
    ["too many entries", "TOO_MANY_ENTRIES", "manifests", index(Array.from({ length: 10_000 }, () => entry("a")))],
    [
      "too many features",
      "TOO_MANY_FEATURES",
      undefined,
      index(
        Array.from({ length: 40 }, (_, e) =>
          entry("a", { platform: { ...amd64, features: Array.from({ length: 60 }, (_, f) => `ns${f}:v${e}`) } }),
        ),
      ),
    ],
  ])("%s", (_, code, place, document) => {
    expect(refusal(new TextEncoder().encode(JSON.stringify(document)))).toMatchObject({ code, place });
  });

  test("truncated anywhere: an error, never half an answer", () => {
    const whole = indexBytes([entry("a", { annotations: { "dev.metahub.features": "cpu:zen3" } }), entry("b")]);
    for (let length = 0; length < whole.length; length += 1) {
      expect(refusal(whole.subarray(0, length)).code).toBe("JSON_SYNTAX");
    }
  });
});

describe("an entry that names no content is passed over with a warning, and the others count", () => {
  const image = "application/vnd.oci.image.manifest.v1+json";
  const other = "application/vnd.example.model";
  const names = (digest: string) => ({ digest });
  test.each([
    ["no digest", { digest: undefined }, "digest: a text is required here"],
    ["a digest that does not parse", names("sha256:x"), 'digest: "sha256:x" is not a sha256 digest'],
    ["a digest with a path in it", names("sha256:../../etc/passwd"), "digest: "],
    ["a digest of an unknown kind", names(`blake3:${"a".repeat(64)}`), 'digest: digest algorithm "blake3"'],
    ["a digest that is not verified here", names(`sha384:${"a".repeat(96)}`), 'digest: digest algorithm "sha384"'],
    ["no size", { size: undefined }, "size: a number of bytes is required here"],
  ])("%s", (_name, odd, warning) => {
    for (const mediaType of [image, other]) {
      const { variants, warnings } = readEntries(
        entry("a"),
        entry("b", { mediaType, platform: { os: "linux", architecture: "arm64" }, ...odd }),
        entry("c", { platform: { ...amd64, variant: "v3" } }),
      );
      expect(variants.map(({ position }) => position)).toEqual([0, 2]);
      expect(warnings).toEqual([expect.stringContaining(`manifests[1].${warning}`)]);
    }
  });

  test("what a runtime finds there is not known: where it would take it, nothing is sure", () => {
    const bad = entry("a", { digest: "sha384:abc" });
    const list = readIndex(indexBytes([bad, entry("b", { platform: { os: "linux", architecture: "arm64" } })]));
    if (!list.complete) expect.unreachable("nothing is nested");
    expect(list.written?.map(({ leads }) => leads)).toEqual(["unread", 1]);
    expect(list.unread).toBeUndefined();
  });

  test("an annotation that is null is as if it was not there", () => {
    const { variants } = readEntries(entry("a", { annotations: { x: null, "dev.metahub.features": "cpu:zen3" } }));
    expect(variants).toHaveLength(1);
  });
});

describe("what is merely strange is passed over with a warning", () => {
  test.each([
    ["an architecture with a null byte", { platform: { os: "linux", architecture: "amd\u000064" } }],
    ["an os of 4 kB", { platform: { os: "x".repeat(4096), architecture: "amd64" } }],
    ["a variant that is a path", { platform: { ...amd64, variant: "../v3" } }],
  ])("%s", (_, changes) => {
    const { variants, warnings } = readEntries(entry("a", changes), entry("b"));
    expect(variants).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^manifests\[0\] is passed over: its platform is not valid/);
    expect(warnings[0]).not.toContain("\u0000");
    expect(warnings[0]?.length).toBeLessThanOrEqual(300);
  });

  test("keys that pollute prototypes", () => {
    const text = new TextDecoder().decode(indexBytes([entry("a")]));
    const hostile = text.replace(
      '"platform":{',
      '"__proto__":{"mediaType":7},"platform":{"__proto__":{"variant":"v4"},"constructor":{"prototype":{}},',
    );
    expect(readIndex(new TextEncoder().encode(hostile))).toMatchObject({ variants: [{ requires: [] }] });
    expect(Object.hasOwn(Object.prototype, "variant")).toBe(false);
  });

  test("warnings are bounded", () => {
    const bad = Array.from({ length: maxEntries }, () =>
      entry("a", { annotations: { "dev.metahub.priority": "x".repeat(500) } }),
    );
    const { warnings } = readEntries(...bad);
    expect(warnings).toHaveLength(33);
    expect(warnings.at(-1)).toBe(`${maxEntries - 32} more warnings are not shown.`);
    expect(Math.max(...warnings.map((warning) => warning.length))).toBeLessThanOrEqual(300);
  });
});

test("whatever a value is replaced by, the answer is a list or an OciError", () => {
  const paths = ["digest", "size", "mediaType", "platform", "annotations", "artifactType", "urls", "data"];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), fc.jsonValue(), (key, value, inner) => {
      const bytes = indexBytes([entry("a", { [key]: value }), entry("b", { platform: { ...amd64, variant: inner } })]);
      try {
        expect(readIndex(bytes)).toHaveProperty("complete");
      } catch (error) {
        expect(error).toBeInstanceOf(OciError);
      }
    }),
    { numRuns: 500 },
  );
});

test("an index with very many features in all is refused before they are parsed", () => {
  const many = (builds: number): Uint8Array =>
    indexBytes(
      Array.from({ length: builds }, (_, row) =>
        entry(`e${row}`, {
          platform: amd64,
          annotations: { "dev.metahub.features": Array(64).fill("cpu:zen").join(",") },
        }),
      ),
    );
  expect(readIndex(many(256))).toMatchObject({ complete: true });
  expect(refusal(many(257))).toMatchObject({ code: "TOO_MANY_FEATURES", place: "manifests[256]" });
});

test("features of a nested index count for each of its entries", () => {
  const features = {
    annotations: { "dev.metahub.features": Array.from({ length: 64 }, (_, n) => `n${n}:v`).join(",") },
  };
  const inner = indexBytes(Array.from({ length: 300 }, (_, row) => entry(`e${row}`, { platform: amd64 })));
  const media = { mediaType: "application/vnd.oci.image.index.v1+json" };
  const outer = indexBytes([entry("inner", { ...media, ...features })]);
  const flatten = (): unknown =>
    flattenIndex(
      "outer",
      new Map([
        ["outer", outer],
        [digestOf("inner"), inner],
      ]),
    );
  expect(flatten).toThrow(expect.objectContaining({ code: "TOO_MANY_FEATURES" }));
});

test("an entry with very many annotations is refused", () => {
  const annotations = Object.fromEntries(Array.from({ length: 4_097 }, (_, row) => [`a${row}`, ""]));
  expect(refusal(indexBytes([entry("a", { annotations })]))).toMatchObject({ code: "TOO_LARGE" });
});

function index(manifests: unknown): unknown {
  return { schemaVersion: 2, manifests };
}

function refusal(bytes: Uint8Array): OciError {
  try {
    readIndex(bytes);
  } catch (error) {
    if (error instanceof OciError) {
      return error;
    }
    throw error;
  }
  throw new Error("it was read");
}
