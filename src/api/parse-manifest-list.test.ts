import { readFileSync } from "node:fs";
import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { crdFolders, renderCrds } from "../../scripts/generate-crds.ts";
import { badManifestLists, listManifest } from "../../test/support/bad-manifest-lists.ts";
import { parseReference } from "../oci/reference.ts";
import { ApiError } from "./error.ts";
import { listedImageRule, noImagePattern } from "./list-rules.ts";
import { parseManifestListOf } from "./parse-manifest-list.ts";

function errorOf(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe.each(["ManifestList", "ClusterManifestList"] as const)("a %s", (kind) => {
  test.each(badManifestLists)("is refused: $name", ({ spec, field, shows }) => {
    const error = errorOf(() => parseManifestListOf(kind, listManifest(kind, spec)));
    expect(error.path).toContain(field);
    expect(error.message).toContain(shows);
  });

  test.each([
    ["another kind", { ...Object(listManifest(kind, {})), kind: "MachineType" }, "kind"],
    ["a misspelled field", listManifest(kind, { manifest: [] }), "spec.manifest"],
    [
      "a misspelled field of a build",
      listManifest(kind, { manifests: [{ image: "a", feature: [] }] }),
      "spec.manifests[0].feature",
    ],
  ])("is refused: %s", (_, value, path) => {
    expect(errorOf(() => parseManifestListOf(kind, value)).path).toBe(path);
  });

  test("may have as its spec what a list of 2019 says", () => {
    const spec = load(readFileSync("examples/manifest-list-2019.yaml", "utf8"));
    const read = parseManifestListOf(kind, listManifest(kind, Object(spec)));
    expect(read.spec).toEqual(spec);
  });
});

test("only a ClusterManifestList opens the binding to builds of other repositories", () => {
  const spec = { atBinding: true };
  const kinds = ["ClusterManifestList", "ManifestList"] as const;
  const [cluster, namespaced] = kinds.map((kind) => () => parseManifestListOf(kind, listManifest(kind, spec)));
  expect(cluster?.().spec.atBinding).toBe(true);
  expect(errorOf(() => namespaced?.()).path).toBe("spec.atBinding");
});

test("every image that the rule takes is a reference", () => {
  const image = fc.stringMatching(new RegExp(listedImageRule.pattern), { size: "small" });
  fc.assert(
    fc.property(image, (text) => {
      fc.pre(text.length <= 255 && !new RegExp(noImagePattern).test(text));
      parseReference(text);
    }),
    { numRuns: 500 },
  );
});

test("the CRDs are made from the rules", () => {
  for (const file of ["metahub.dev_manifestlists.yaml", "metahub.dev_clustermanifestlists.yaml"]) {
    for (const folder of crdFolders) expect(readFileSync(`${folder}${file}`, "utf8")).toBe(renderCrds().get(file));
  }
});
