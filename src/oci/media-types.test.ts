import { describe, expect, test } from "vitest";
import { acceptManifests, documentKind } from "./media-types.ts";

describe("the kind of a document", () => {
  test.each([
    ["application/vnd.oci.image.index.v1+json", "index"],
    ["application/vnd.docker.distribution.manifest.list.v2+json", "index"],
    ["application/vnd.oci.image.manifest.v1+json", "manifest"],
    ["application/vnd.docker.distribution.manifest.v2+json", "manifest"],
    ["Application/vnd.oci.image.index.v1+JSON; charset=utf-8", "index"],
    ["application/vnd.docker.distribution.manifest.v1+prettyjws", "other"],
    ["application/json", "other"],
    ["", "other"],
  ])("%s is %s", (mediaType, kind) => {
    expect(documentKind(mediaType)).toBe(kind);
  });

  test("covers all that is accepted", () => {
    expect(acceptManifests.map(documentKind)).not.toContain("other");
  });
});
