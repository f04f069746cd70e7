import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { putImage, putIndex } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import type { ManifestListSpec } from "../api/manifest-list.ts";
import { formatFeature } from "../hardware/feature.ts";
import { parseManifests } from "../manifests/parse.ts";
import { parseReference } from "../oci/reference.ts";
import { ImageSource } from "../registry/images.ts";
import { ListBook } from "./book.ts";
import { ListedImages } from "./listed-images.ts";
import { listsIn } from "./manifests.ts";
import { noPowers } from "./power.ts";
import type { EntryLookup } from "./resolve.ts";

const fixture = registryFixture();
const signal = () => AbortSignal.timeout(10_000);
const linux = { os: "linux", architecture: "amd64" };
const config = (architecture: string, more = "") => Buffer.from(JSON.stringify({ os: "linux", architecture, more }));

/** A registry with builds of its own, and lists that are asked of it. */
async function setUp() {
  const running = await fixture.registry();
  const repository = `${running.host}/team/app`;
  const put = (tag: string, annotations?: object) =>
    putImage(running.store, "team/app", tag, config("amd64", tag), annotations === undefined ? {} : { annotations });
  const images = new ImageSource(fixture.client());
  const lookup: EntryLookup = (image, platform, ended) =>
    images.lookupAsIndex(image, platform, { credentials: undefined, signal: ended });
  const asked = parseReference(`${repository}:v1`);
  const listed = (...lists: ReturnType<typeof list>[]) => {
    const book = new ListBook(lists);
    return new ListedImages({ book: () => book, powers: noPowers });
  };
  const image = async (spec: Omit<ManifestListSpec, "image">, namespace?: string) => {
    const one = list("bench", { image: repository, ...spec }, namespace === undefined ? {} : { namespace });
    return await listed(one).image(one, asked, lookup, signal());
  };
  return { running, repository, put, image, listed, asked, lookup };
}

const requires = ({
  requires: groups,
}: {
  readonly requires: readonly (readonly { namespace: string; value: string }[])[];
}) => groups.map((group) => group.map(formatFeature).join("|"));

describe("the index that a list makes", () => {
  test("adds up what the list says, what the image says and what its index entry says", async () => {
    const { running, repository, put, image } = await setUp();
    const own = await put("own", { "dev.metahub.features": "fabric:efa" });
    const [fast, other] = [await put("fast"), await put("other")];
    await putIndex(running.store, "team/app", "index", [
      { ...fast, platform: { ...linux, features: ["cpu:skylake"] } },
      { ...other, platform: { os: "linux", architecture: "arm64" } },
    ]);
    const made = await image({
      manifests: [
        { image: `${repository}:own`, features: ["nvcap:8.0"], priority: 3 },
        { image: `${repository}:index`, platform: { ...linux, features: ["nvcap:9.0"] }, features: ["mpi:mpich-4"] },
      ],
    });
    expect(made.variants.map((one) => [one.digest, one.position, one.priority, one.name, requires(one)])).toEqual([
      [own.digest, 0, 3, undefined, ["fabric:efa", "nvcap:8.0"]],
      [fast.digest, 1, 0, undefined, ["cpu:skylake", "mpi:mpich-4", "nvcap:9.0"]],
    ]);
    expect(made.variants.every(({ runtimeMatched }) => !runtimeMatched)).toBe(true);
    expect([made.warnings, made.unasked]).toEqual([[], []]);
  });

  test("is the same array for the same content, and another one once a tag has moved", async () => {
    const { repository, put, image } = await setUp();
    const digest = (await put("first")).digest;
    const byDigest = { manifests: [{ image: `${repository}@${digest}` }] };
    const [one, again] = [await image(byDigest), await image(byDigest)];
    expect(one.descriptor.digest).toBe(again.descriptor.digest);
    const moved = await image({ manifests: [{ image: `${repository}@${(await put("second")).digest}` }] });
    expect(moved.descriptor.digest).not.toBe(one.descriptor.digest);
    expect(moved.madeOf?.list).not.toBe(one.madeOf?.list);
  });

  test("lacks what is not there, with a warning, and has no build where nothing is there", async () => {
    const { repository, put, image } = await setUp();
    await put("here");
    const made = await image({ manifests: [{ image: `${repository}:gone` }, { image: `${repository}:here` }] });
    expect([made.variants.length, made.unasked]).toEqual([1, []]);
    expect(made.warnings).toEqual([expect.stringMatching(/^manifests\[0\] of ClusterManifestList bench .*404/)]);
    const empty = await image({ manifests: [{ image: `${repository}:gone` }] });
    expect([empty.variants, empty.unasked, empty.warnings.length]).toEqual([[], [], 1]);
  });

  test("tells of a build that could not be asked for, as far as the list does", async () => {
    const { running, repository, put, image } = await setUp();
    await put("here");
    running.faults.add({ path: /away/, fault: { kind: "status", status: 500 } });
    const manifests = [{ image: `${repository}:here` }, { image: `${repository}:away`, features: ["cpu:skylake"] }];
    const made = await image({ manifests });
    expect(made.variants).toHaveLength(1);
    expect(made.unasked?.map((one) => [one.digest, requires(one)])).toEqual([[`${repository}:away`, ["cpu:skylake"]]]);
  });

  test("tells of a build whose platform could not be read as of one that could not be asked for", async () => {
    const { running, repository, put, image } = await setUp();
    const hidden = await put("hidden");
    running.faults.add({ path: /blobs/, fault: { kind: "status", status: 500 } });
    const made = await image({ manifests: [{ image: `${repository}:hidden`, features: ["cpu:skylake"] }] });
    expect([made.variants, made.unasked?.map(({ digest }) => digest)]).toEqual([[], [`${repository}:hidden`]]);
    expect(made.warnings).toEqual([expect.stringContaining("say it in the list")]);
    const named = await image({ manifests: [{ image: `${repository}:hidden`, platform: linux }] });
    expect(named.variants.map(({ digest }) => digest)).toEqual([hidden.digest]);
    // In an index beside others it may be the right one where none of them fits.
    await putIndex(running.store, "team/app", "mixed", [{ ...(await put("x")), platform: linux }, hidden]);
    const mixed = await image({ manifests: [{ image: `${repository}:mixed` }] });
    expect([mixed.variants.length, mixed.unread]).toEqual([1, [0]]);
    // Nor is what it makes whole, as long as another try may find more.
    expect(mixed.incomplete).toBe(true);
  });

  test("has no build of another platform than the list says, nor of another repository in a tenant's list", async () => {
    const { running, repository, put, image } = await setUp();
    await put("amd64");
    await putImage(running.store, "team/other", "v1", config("amd64"));
    const manifests = [
      { image: `${repository}:amd64` },
      { image: `${running.host}/team/other:v1`, platform: { architecture: "amd64" } },
    ];
    const [mine, everybodys] = [await image({ manifests }, "hpc"), await image({ manifests })];
    expect(mine.variants.map(({ name }) => name)).toEqual([undefined]);
    expect(mine.warnings).toEqual([expect.stringContaining("a ManifestList names builds of that repository alone")]);
    expect(everybodys.variants.map(({ name }) => name)).toEqual([undefined, `${running.host}/team/other`]);
    await putIndex(running.store, "team/app", "arm", [
      { ...(await put("x")), platform: { os: "linux", architecture: "arm64" } },
    ]);
    const wrong = await image({ manifests: [{ image: `${repository}:arm`, platform: { architecture: "amd64" } }] });
    expect(wrong.warnings).toEqual([expect.stringMatching(/has no build for linux\/amd64; there is linux\/arm64/)]);
  });

  test("is not waited for longer than its asker has time", async () => {
    const { running, repository, listed, asked, lookup } = await setUp();
    running.faults.add({ path: /slow/, fault: { kind: "hang" } });
    const one = list("bench", { image: repository, manifests: [{ image: `${repository}:slow` }] });
    const made = listed(one).image(one, asked, lookup, AbortSignal.timeout(50));
    await expect(made).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("a list at binding", () => {
  const spec = { image: "qnib/bench", manifests: [{ image: "qnib/bench:a" }] };
  const asked = parseReference("qnib/bench");

  test("is asked while it says what it said, and speaks for the name", () => {
    const one = list("bench", spec);
    const listed = (...lists: ReturnType<typeof list>[]) => {
      const book = new ListBook(lists);
      return new ListedImages({ book: () => book, powers: noPowers }).unchanged(one.identity, asked, "default")?.name;
    };
    expect(listed(one)).toBe("bench");
    expect(listed()).toBeUndefined();
    expect(listed(list("bench", { ...spec, tags: ["latest"] }))).toBeUndefined();
    expect(listed(list("older", spec, { day: 1 }), list("bench", spec, { day: 2 }))).toBeUndefined();
    expect(listed(one, list("tenants", spec, { namespace: "default" }))).toBeUndefined();
  });
});

test("a digest is looked for in the repositories of the lists that speak for its name", () => {
  const manifests = [{ image: "qnib/bench:a" }, { image: "qnib/other:b" }, { image: "ghcr.io/qnib/other:c" }];
  const lists = [
    list("everybodys", { image: "qnib/bench:v1", manifests }),
    list("tenants", { image: "qnib/bench", manifests: [{ image: "qnib/secret:a" }] }, { namespace: "hpc" }),
  ];
  const book = new ListBook(lists);
  const listed = new ListedImages({ book: () => book, powers: noPowers });
  const names = (image: string, namespace?: string) =>
    listed.sources(parseReference(image), namespace).map(({ registry, repository }) => `${registry}/${repository}`);
  expect(names("qnib/bench")).toEqual(["docker.io/qnib/other", "ghcr.io/qnib/other"]);
  expect(names("qnib/bench", "hpc")).toEqual(["docker.io/qnib/other", "ghcr.io/qnib/other"]);
  expect(names("qnib/other")).toEqual([]);
});

describe("lists among manifests", () => {
  test("are those of 2019 as they are, and those of the API", async () => {
    const yaml = await readFile("examples/manifest-list-2019.yaml", "utf8");
    const [old, ...others] = listsIn(parseManifests(yaml, "old.yaml"));
    expect(others).toEqual([]);
    expect([old?.shown, old?.kind, old?.tags]).toEqual(["the list in old.yaml", "ClusterManifestList", undefined]);
    const entries = old?.entries.map(({ image, platform, requires: groups }) => [
      image.tag,
      platform,
      requires({ requires: groups }),
    ]);
    expect(entries).toEqual([
      ["cpu-broadwell", linux, ["cpu:broadwell"]],
      ["cpu-skylake", linux, ["cpu:skylake"]],
      ["cpu-coffelake", linux, ["cpu:coffelake"]],
      ["cpu_broadwell-nvcap_52", linux, ["cpu:broadwell", "nvcap:5.2"]],
    ]);
  });

  test("of 2019 say what was not understood, and the index that they make says it too", async () => {
    const { repository, put, listed, asked, lookup } = await setUp();
    await put("a");
    const yaml = `image: ${repository}\nmanifests: [{image: "${repository}:a", platform: {architecture: amd64}, features: ["cpu:skylake"]}]`;
    const [old] = listsIn(parseManifests(yaml, "old.yaml"));
    const made = old && (await listed(old).image(old, asked, lookup, signal()));
    expect(made?.warnings).toEqual([expect.stringContaining("manifests[0].features is not understood")]);
  });

  test.each([
    [
      "a feature that is none",
      "image: a\nmanifests: [{image: a:b, platform: {architecture: amd64, features: [7]}}]",
      /features\[0\]/,
    ],
    [
      "a field that is none",
      "apiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata: {name: a}\nspec: {images: a}",
      /spec.images/,
    ],
    [
      "a list twice",
      "---\nimage: a\nmanifests: [{image: a:b, platform: {architecture: amd64}}]\n"
        .repeat(1)
        .concat(
          ...["x", "x"].map(
            (name) =>
              `---\napiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata: {name: ${name}}\nspec: {image: a, manifests: [{image: a:b}]}\n`,
          ),
        ),
      /stands twice/,
    ],
  ])("are refused with %s, and the place", (_, yaml, message) => {
    expect(() => listsIn(parseManifests(yaml, "file.yaml"))).toThrow(message);
    expect(() => listsIn(parseManifests(yaml, "file.yaml"))).toThrow(/^file\.yaml/);
  });
});
