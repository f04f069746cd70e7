import { describe, expect, it } from "vitest";
import { ACCEPT_MANIFESTS, documentKind } from "./mediatypes.ts";

describe("the kind of a document", () => {
  it.each([
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

  it("covers all that is accepted", () => {
    expect(ACCEPT_MANIFESTS.map(documentKind)).not.toContain("other");
  });
});
