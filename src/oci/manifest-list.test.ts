import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { formatFeature } from "../hardware/feature.ts";
import { OciError } from "./error.ts";
import { manifestListVariants } from "./list-variants.ts";
import { parseManifestList, readManifestList } from "./manifest-list.ts";
import { ociIndex, ociManifest } from "./media-types.ts";
import { formatReference } from "./reference.ts";

const yaml2019 = readFileSync(new URL("../../examples/manifest-list-2019.yaml", import.meta.url), "utf8");

test("the list of the first demonstration is read as it stands", () => {
  const list = parseManifestList(yaml2019);
  expect(formatReference(list.image)).toBe("qnib/bench");
  expect(list.warnings).toEqual([]);
  expect(
    list.entries.map((entry) => [formatReference(entry.image), entry.platform, entry.features.map(formatFeature)]),
  ).toEqual([
    ["qnib/bench:cpu-broadwell", { os: "linux", architecture: "amd64" }, ["cpu:broadwell"]],
    ["qnib/bench:cpu-skylake", { os: "linux", architecture: "amd64" }, ["cpu:skylake"]],
    ["qnib/bench:cpu-coffelake", { os: "linux", architecture: "amd64" }, ["cpu:coffelake"]],
    ["qnib/bench:cpu_broadwell-nvcap_52", { os: "linux", architecture: "amd64" }, ["cpu:broadwell", "nvcap:5.2"]],
  ]);
});

describe("a manifest list", () => {
  test("takes what manifest-tool writes, and a priority", () => {
    const list = readManifestList({
      image: "ghcr.io/a/b:v1",
      tags: ["v1.2", "latest"],
      manifests: [
        { image: "ghcr.io/a/b:win", platform: { os: "windows", architecture: "amd64", "os.version": "10.0.20348" } },
        { image: "ghcr.io/a/b:arm", platform: { os: "linux", architecture: "arm", variant: "v6" }, priority: 5 },
      ],
    });
    expect(list.tags).toEqual(["v1.2", "latest"]);
    expect(list.entries.map((entry) => [entry.platform.osVersion, entry.platform.variant, entry.priority])).toEqual([
      ["10.0.20348", undefined, 0],
      [undefined, "v6", 5],
    ]);
  });

  test("says which keys count for nothing", () => {
    const { warnings } = readManifestList({
      image: "a",
      manifests: [{ image: "a:x", feature: ["zen3"], platform: { architecture: "amd64", featuers: ["zen3"] } }],
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^manifests\[0\]\.feature is not understood/),
      expect.stringMatching(/^manifests\[0\]\.platform\.featuers is not understood/),
    ]);
  });

  test.each([
    ["not YAML", "yaml-syntax", "image: [a"],
    ["a key twice", "yaml-syntax", "image: a\nimage: b\nmanifests: []"],
    ["two documents", "yaml-syntax", "image: a\n---\nimage: b"],
    ["an alias that is not there", "yaml-syntax", "image: *x"],
    [
      "aliases that multiply",
      "yaml-syntax",
      `a: &a [x]\n${Array.from("bcdefghijk", (c, i) => `${c}: &${c} [${`*${"abcdefghij"[i]}, `.repeat(9)}]`).join("\n")}`,
    ],
    ["nested beyond reason", "yaml-syntax", "[".repeat(200_000)],
    ["nested deep", "json-depth", `image: ${"[".repeat(50)}${"]".repeat(50)}`],
    ["too long", "too-large", "x".repeat(2_000_000)],
    ["nothing", "wrong-type", ""],
    ["a list", "wrong-type", "- a"],
    ["no builds", "missing-field", "image: a"],
    ["no image", "missing-field", "manifests: [{image: a, platform: {architecture: amd64}}]"],
    [
      "an image that is none",
      "reference-uppercase",
      "image: A\nmanifests: [{image: a, platform: {architecture: amd64}}]",
    ],
    ["no platform", "missing-field", "image: a\nmanifests: [{image: a}]"],
    ["no architecture", "missing-field", "image: a\nmanifests: [{image: a, platform: {os: linux}}]"],
    ["a platform that is none", "wrong-value", 'image: a\nmanifests: [{image: a, platform: {architecture: "a b"}}]'],
    [
      "features that are a text",
      "wrong-type",
      "image: a\nmanifests: [{image: a, platform: {architecture: amd64, features: zen3}}]",
    ],
    [
      "a feature that is a number",
      "wrong-type",
      "image: a\nmanifests: [{image: a, platform: {architecture: amd64, features: [5.2]}}]",
    ],
    [
      "a feature that is none",
      "feature-invalid",
      "image: a\nmanifests: [{image: a, platform: {architecture: amd64, features: [cuda:x]}}]",
    ],
    [
      "a priority that is a text",
      "wrong-type",
      "image: a\nmanifests: [{image: a, priority: high, platform: {architecture: amd64}}]",
    ],
    [
      "a priority that is a fraction",
      "wrong-value",
      "image: a\nmanifests: [{image: a, priority: 1.5, platform: {architecture: amd64}}]",
    ],
    ["a key that pollutes", "missing-field", "__proto__: {image: a}\nconstructor: b"],
  ])("%s is refused", (_, code, yaml) => {
    const error = refusal(yaml);
    expect(error.code).toBe(code);
    expect(error.message.length).toBeLessThan(400);
    expect(Object.hasOwn(Object.prototype, "image")).toBe(false);
  });

  test("says where", () => {
    expect(refusal("image: a\nmanifests: [{image: B, platform: {architecture: amd64}}]").place).toBe(
      "manifests[0].image",
    );
    expect(refusal("image: a\nimage: b").message).toContain("line 2");
  });
});

describe("the variants of a list whose images were looked up", () => {
  const list = parseManifestList(yaml2019);
  const descriptor = (name: string, mediaType = ociManifest) => ({ mediaType, digest: digestOf(name), size: 9 });

  test("carry the name to rewrite to, and are never left to a runtime", () => {
    const found = new Map([["qnib/bench:cpu-skylake", descriptor("s")]]);
    const { variants, warnings } = manifestListVariants(list, found);
    expect(variants).toMatchObject([
      {
        digest: digestOf("s"),
        name: "qnib/bench",
        position: 1,
        runtimeMatched: false,
        requires: [[{ value: "skylake" }]],
      },
    ]);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toBe("manifests[0] is passed over: qnib/bench:cpu-broadwell was not found.");
  });

  test("pass over what is an index itself", () => {
    const found = new Map(list.entries.map((entry) => [formatReference(entry.image), descriptor("i", ociIndex)]));
    expect(manifestListVariants(list, found).variants).toEqual([]);
  });
});

test("its YAML is kubectl's", () => {
  const entry = (more: string) => `image: a/b\nmanifests: [{image: a/b:c, platform: {architecture: amd64}, ${more}}]\n`;
  expect(parseManifestList(entry("priority: 010")).entries[0]?.priority).toBe(8);
  expect(refusal(`image: a/b\nmanifests: [{image: a/b:c, platform: {architecture: no}}]\n`).code).toBe("wrong-type");
});

function refusal(yaml: string): OciError {
  try {
    parseManifestList(yaml);
  } catch (error) {
    if (error instanceof OciError) {
      return error;
    }
    throw error;
  }
  throw new Error("it was read");
}
