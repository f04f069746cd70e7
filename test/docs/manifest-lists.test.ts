import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseFeatures } from "../../src/hardware/parse.ts";
import type { SpokenList } from "../../src/lists/list.ts";
import { listsIn } from "../../src/lists/manifests.ts";
import { noPowers, refusalOf } from "../../src/lists/power.ts";
import { resolveEntries } from "../../src/lists/resolve.ts";
import { parseManifests } from "../../src/manifests/parse.ts";
import type { Variant } from "../../src/oci/variant.ts";
import { select } from "../../src/selection/select.ts";
import { codeBlocks } from "./blocks.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/manifest-lists.md"), "utf8");
const yaml = codeBlocks(page).filter(({ language }) => language === "yaml");
const files = (await readdir(join(root, "examples"))).filter((name) => name.startsWith("manifest-list-"));
const read = async (file: string): Promise<SpokenList> => {
  const [list, ...more] = listsIn(parseManifests(await readFile(join(root, "examples", file), "utf8"), file));
  expect(more).toEqual([]);
  if (list === undefined) throw new Error(`${file} has no list`);
  return list;
};

test("the page's lists are lists, and its table has every field of the first", () => {
  const [first, old] = yaml.map(({ text, line }) => listsIn(parseManifests(text, `line ${line}`)));
  expect(first?.map(({ shown, entries }) => [shown, entries.length])).toEqual([["ManifestList team-a/bench", 3]]);
  expect(old?.map(({ entries }) => entries.length)).toEqual([1]);
  const fields = [...page.matchAll(/^\| `([a-z][\w[\].]*)` \|/gm)].map(([, field]) => field?.split(".").at(-1));
  for (const field of fields.filter((name) => name !== "atBinding")) expect(yaml[0]?.text).toContain(`${field}:`);
  expect(fields).toEqual(["image", "tags", "manifests", "image", "platform", "features", "priority", "atBinding"]);
});

test.each(files)("every build of %s counts, and the page or the first MetaHub has it", async (file) => {
  const list = await read(file);
  expect(list.entries.map((entry) => refusalOf(list, entry, noPowers))).toEqual(list.entries.map(() => undefined));
  expect(page).toContain(`examples/${file}`);
});

type Row = readonly [architecture: string, feature: string, tag: string];
const machines: readonly (readonly [file: string, rows: readonly Row[]])[] = [
  [
    "manifest-list-text-embeddings-inference.yaml",
    [
      ["amd64", "cpu:skylake", "cpu-1.9"],
      ["arm64", "cpu:neoverse_v2", "cpu-arm64-1.9"],
      ["amd64", "nvcap:7.0", "cpu-1.9"],
      ["amd64", "nvcap:7.5", "turing-1.9"],
      ["amd64", "nvcap:8.0", "1.9"],
      ["amd64", "nvcap:8.6", "86-1.9"],
      ["amd64", "nvcap:8.9", "89-1.9"],
      ["amd64", "nvcap:9.0", "hopper-1.9"],
      ["amd64", "nvcap:10.0", "100-1.9"],
      ["amd64", "nvcap:12.0", "120-1.9"],
      ["arm64", "nvcap:12.1", "121-1.9"],
    ],
  ],
  [
    "manifest-list-llama-cpp.yaml",
    [
      ["s390x", "kernel:6.1", "server"],
      ["arm64", "cuda:12.8", "server-cuda"],
      ["amd64", "cuda:13.0", "server-cuda13"],
      ["amd64", "gfx:gfx942", "server-rocm"],
      ["arm64", "gfx:gfx942", "server"],
    ],
  ],
];

describe.each(machines)("%s", (file, rows) => {
  test.each(rows)("a machine of %s with %s gets %s", async (architecture, feature, tag) => {
    const list = await read(file);
    // Stands in for the publisher's registry: each image as the publisher's page tells of its platforms.
    const resolved = await resolveEntries(
      list,
      noPowers,
      async (reference, platform) => {
        const everywhere = ["amd64", "arm64", "s390x"].map((one) => ({ os: "linux", architecture: one }));
        const variants = (platform === undefined ? everywhere : [platform]).map(
          (one): Variant => ({
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: reference.tag ?? "",
            size: 1,
            platform: one,
            requires: [],
            runtimeMatched: true,
            priority: 0,
            format: "plain",
            position: 0,
          }),
        );
        const descriptor = { mediaType: "", digest: reference.tag ?? "", size: 1 };
        return { kind: "index", reference, descriptor, variants, warnings: [] };
      },
      AbortSignal.timeout(5_000),
    );
    const variants = resolved.flatMap((one) => one.variants).map((one, position) => ({ ...one, position }));
    const machine = { platform: { os: "linux", architecture }, features: parseFeatures(feature, { architecture }) };
    expect(select({ variants, written: [] }, machine).selected?.digest).toBe(tag);
  });
});
