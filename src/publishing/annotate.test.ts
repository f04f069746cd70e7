import { describe, expect, test } from "vitest";
import { annotated, digestOf, entry, indexBytes } from "../../test/support/oci/indexes.ts";
import { describe as describeContent } from "../oci/descriptor.ts";
import { readIndex } from "../oci/flatten.ts";
import { dockerList, ociIndex, ociManifest } from "../oci/media-types.ts";
import { UsageError } from "../process/failure.ts";
import { requirementText } from "../selection/reason.ts";
import { annotateIndex, type Changes } from "./annotate.ts";
import { parseEntryOption, parsePriorities } from "./entry-option.ts";

const bytes = indexBytes([
  entry("generic"),
  annotated("skylake", "cpu:skylake"),
  entry("arm", { platform: { os: "linux", architecture: "arm64", variant: "v8" }, annotations: { own: "kept" } }),
]);

function annotate(entries: readonly string[], changes: Partial<Changes> = {}, mediaType = ociIndex, of = bytes) {
  const all = { entries: entries.map(parseEntryOption), priorities: new Map(), digests: new Map(), ...changes };
  return annotateIndex({ ...describeContent(mediaType, of), bytes: of }, all, "x:v1");
}

function requirements(changed: { readonly bytes: Uint8Array }): string[] {
  const index = readIndex(changed.bytes);
  return index.complete ? index.variants.map(requirementText) : [];
}

describe("an entry of an index is named", () => {
  test.each([
    ["by position", "0=cpu:zen3", ["cpu:zen3", "cpu:skylake", "the generic build"]],
    ["by platform", "linux/arm64=cpu:neoverse_v2", ["the generic build", "cpu:skylake", "cpu:neoverse_v2"]],
    [
      "by digest",
      `${digestOf("skylake")}=cpu:zen3,avx2`,
      ["the generic build", "cpu:zen3, cpuflag:avx2", "the generic build"],
    ],
    ["by how a digest begins", `${digestOf("skylake").slice(0, 15)}=`, Array(3).fill("the generic build")],
    ["by a tag", "that=cpu:zen3", ["the generic build", "cpu:zen3", "the generic build"]],
  ])("%s", (_, option, expected) => {
    const changed = annotate([option], { digests: new Map([["that", digestOf("skylake")]]) });
    expect(requirements(changed)).toEqual(expected);
  });

  test.each([
    ["that is not there", "7=cpu:zen3", /7 is no entry \(0: linux\/amd64 sha256:/],
    ["that is not the only one", "linux/amd64=cpu:zen3", /linux\/amd64 fits several entries; name one by its position/],
    ["with a feature that is none", "0=cpu:a b", /"cpu:a b" is not a feature/],
  ])("%s: refused", (_, option, said) => {
    expect(() => annotate([option])).toThrow(UsageError);
    expect(() => annotate([option])).toThrow(said);
  });
});

test("keeps everything else of the index", () => {
  const strange = Buffer.from(
    Buffer.from(bytes).toString().replace('"schemaVersion"', '"unknown":{"a":[1]},"schemaVersion"'),
  );
  const changed = annotate(["0=cpu:zen3"], { priorities: parsePriorities(["2=5"]) }, ociIndex, strange);
  const before = JSON.parse(strange.toString());
  const after = JSON.parse(Buffer.from(changed.bytes).toString());
  expect(after).toEqual({
    ...before,
    manifests: [
      { ...before.manifests[0], annotations: { "dev.metahub.features": "cpu:zen3" } },
      before.manifests[1],
      { ...before.manifests[2], annotations: { own: "kept", "dev.metahub.priority": "5" } },
    ],
  });
  expect(changed).toMatchObject(describeContent(ociIndex, changed.bytes));
});

test("takes off what is no longer required, and the empty map with it", () => {
  const after = JSON.parse(Buffer.from(annotate(["1="]).bytes).toString());
  expect(after.manifests[1]).not.toHaveProperty("annotations");
});

test("writes platform.features into a Docker manifest list, which has no priorities", () => {
  const list = Buffer.from(Buffer.from(bytes).toString().replaceAll(ociIndex, dockerList));
  const changed = annotate(["0=cpu:zen3"], {}, dockerList, list);
  expect(JSON.parse(Buffer.from(changed.bytes).toString()).manifests[0].platform.features).toEqual(["cpu:zen3"]);
  expect(changed.mediaType).toBe(dockerList);
  expect(() => annotate([], { priorities: new Map([["0", 1]]) }, dockerList, list)).toThrow(/no place for a priority/);
});

test("refuses what is no index", () => {
  expect(() => annotate(["0=cpu:zen3"], {}, ociManifest)).toThrow(/is one image/);
});

describe("options", () => {
  test.each([
    ["a:b=cpu:skylake,avx2", { what: "a:b", features: "cpu:skylake,avx2" }],
    ["a:b=fabric=efa", { what: "a:b", features: "fabric=efa" }],
    ["a:b", { what: "a:b", features: "" }],
    ["a:b=", { what: "a:b", features: "" }],
  ])("--entry %s", (text, option) => {
    expect(parseEntryOption(text)).toEqual(option);
  });

  test.each(["", "=cpu:zen3"])("--entry %s is refused", (text) => {
    expect(() => parseEntryOption(text)).toThrow(UsageError);
  });

  test("--priority takes a whole number", () => {
    expect(parsePriorities(["a:b=5", "c=-1"])).toEqual(
      new Map([
        ["a:b", 5],
        ["c", -1],
      ]),
    );
    for (const text of ["a", "a=", "a=x", "a=1.5", "a=9999999", "=5"])
      expect(() => parsePriorities([text])).toThrow(UsageError);
  });
});
