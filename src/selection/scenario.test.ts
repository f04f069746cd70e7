import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/support/oci/indexes.ts";
import { machine } from "../../test/support/variants.ts";
import { readIndex } from "../oci/flatten.ts";
import { manifestListVariants } from "../oci/list-variants.ts";
import { type ManifestList, parseManifestList } from "../oci/manifest-list.ts";
import { ociManifest } from "../oci/media-types.ts";
import { formatReference } from "../oci/reference.ts";
import type { Variant } from "../oci/variant.ts";
import { buildIndex } from "../oci/write-index.ts";
import { select, selectCommon } from "./select.ts";

/** The scenario that must always work, from the list of the first demonstration as it stands. */
const yaml = readFileSync(new URL("../../examples/manifest-list-2019.yaml", import.meta.url), "utf8");
const list = parseManifestList(`${yaml}  - image: qnib/bench:generic\n    platform: {architecture: amd64}\n`);

const machineTypes2019 = [
  ["type1", ["cpu:broadwell"], "cpu-broadwell", "cpu:broadwell is the closest of 2 that fit"],
  ["type2", ["cpu:skylake"], "cpu-skylake", "cpu:skylake is the closest of 3 that fit"],
  ["type3", ["cpu:coffelake"], "cpu-coffelake", "cpu:coffelake is the closest of 2 that fit"],
  [
    "type4",
    ["cpu:broadwell", "nvcap:5.2"],
    "cpu_broadwell-nvcap_52",
    "cpu:broadwell, nvcap:5.2 is the closest of 3 that fit",
  ],
  [
    "a machine that says nothing",
    [],
    "generic",
    "the generic build: the machine lacks cpu:broadwell; cpu:skylake; cpu:coffelake; nvcap:5.2",
  ],
  [
    "zen4",
    ["cpu:zen4"],
    "generic",
    "the generic build: the machine lacks cpu:broadwell; cpu:skylake; cpu:coffelake; nvcap:5.2",
  ],
  [
    "broadwell with a newer GPU",
    ["cpu:broadwell", "nvcap:8.0"],
    "cpu-broadwell",
    "cpu:broadwell is the closest of 2 that fit",
  ],
  [
    "icelake with that GPU",
    ["cpu:icelake", "nvcap:5.2"],
    "cpu_broadwell-nvcap_52",
    "cpu:broadwell, nvcap:5.2 uses the accelerator best of 4 that fit",
  ],
] as const;

describe.each([
  ["an index made from it", indexVariants(list)],
  ["the dynamic list itself", listVariants(list)],
])("one image name, four machine types, four builds: %s", (_, variants) => {
  test.each(machineTypes2019)("%s", (_name, features, tag, reason) => {
    const selection = select(variants, machine(...features));
    expect(selection.selected?.digest).toBe(digestOf(`qnib/bench:${tag}`));
    expect(selection.action).toBe("rewrite");
    expect(selection.reason).toBe(reason);
    expect(selection.considered.filter((outcome) => outcome.outcome === "selected")).toHaveLength(1);
    expect(selection.considered).toHaveLength(5);
  });

  test("what all four can run is the generic build", () => {
    const four = machineTypes2019.slice(0, 4).map(([, features]) => machine(...features));
    expect(selectCommon(variants, four)).toMatchObject({
      selected: { digest: digestOf("qnib/bench:generic") },
      action: "rewrite",
    });
  });
});

test("without a generic build, a machine of another kind gets none", () => {
  const selection = select(indexVariants(parseManifestList(yaml)), machine("cpu:zen4"));
  expect(selection).toMatchObject({ selected: null, action: "leave", code: "nothing-fits" });
  expect(selection.reason).toBe(
    "none of 4 builds fits: the machine lacks cpu:broadwell; cpu:skylake; cpu:coffelake; nvcap:5.2",
  );
});

function descriptorOf(image: string) {
  return { mediaType: ociManifest, digest: digestOf(image), size: 500 };
}

function indexVariants({ entries }: ManifestList): readonly Variant[] {
  const built = buildIndex(
    entries.map((entry) => ({ ...entry, descriptor: descriptorOf(formatReference(entry.image)) })),
  );
  const index = readIndex(built.bytes);
  return index.complete ? index.variants : [];
}

function listVariants(from: ManifestList): readonly Variant[] {
  const images = from.entries.map((entry) => formatReference(entry.image));
  return manifestListVariants(from, new Map(images.map((image) => [image, descriptorOf(image)]))).variants;
}
