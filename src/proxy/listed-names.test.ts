import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import {
  configDigest,
  configOf,
  digestOf,
  ListedRegistries,
  type Spread,
} from "../../test/support/proxy/listed-registries.ts";
import type { ProxySite, ProxySiteOptions } from "../../test/support/proxy/site.ts";
import { putImage, putIndex, putManifest, type StoredDescriptor } from "../../test/support/registry/content.ts";
import type { RunningRegistry } from "../../test/support/registry/start.ts";
import { formatFeature } from "../hardware/feature.ts";
import { readIndex } from "../oci/flatten.ts";

const hour = 3_600_000;
let behind: ListedRegistries;
let upstream: RunningRegistry;
let elsewhere: RunningRegistry;
beforeEach(async () => {
  behind = await ListedRegistries.open();
  ({ upstream, elsewhere } = behind);
});
afterEach(() => behind.close());

const start = (options?: ProxySiteOptions): Promise<ProxySite> => behind.start(options);
const spread = (): Promise<Spread> => behind.spread();
const pull = (site: ProxySite, name: string, user?: string): Promise<Response> => site.ask(`/v2/${name}`, user);

test("a name for which a list speaks brings each machine type its own build, wherever that lies", async () => {
  const { generic, broadwell, gpu } = await spread();
  const site = await start();
  const answers = await Promise.all(
    ["type3", "type1", "type4"].map((user) => pull(site, "team/app/manifests/v1", user)),
  );
  expect(answers.map(digestOf)).toEqual([generic.digest, broadwell.digest, gpu.digest]);
  expect(answers[2]?.headers.get("metahub-reason")).toContain("nvcap:5.2");
  expect((await pull(site, "team/app/manifests/other", "type1")).status).toBe(404);
  const bytes = await (await pull(site, `team/app/manifests/${gpu.digest}`, "type4")).text();
  const blob = await pull(site, `team/app/blobs/${JSON.parse(bytes).config.digest}`, "type4");
  expect([blob.status, await blob.text()]).toEqual([200, configOf("gpu").toString()]);
  const head = await site.ask(`/v2/team/app/blobs/${JSON.parse(bytes).config.digest}`, "type4", { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(configOf("gpu").length)]);
});

test("a list replaces what its upstream has under the name, and a digest is never replaced", async () => {
  const { broadwell } = await spread();
  const old = await putImage(upstream.store, "team/app", "v1", configOf("old"));
  const site = await start();
  expect(digestOf(await pull(site, "team/app/manifests/v1", "type1"))).toBe(broadwell.digest);
  expect(digestOf(await pull(site, `team/app/manifests/${old.digest}`, "type1"))).toBe(old.digest);
});

test("nothing else of another repository is reached under the name: not there and not of the list are one answer", async () => {
  const { secret, gpu } = await spread();
  const site = await start();
  expect((await pull(site, "team/app/manifests/v1", "type4")).status).toBe(200);
  expect((await pull(site, `team/app/manifests/${gpu.digest}`, "type4")).status).toBe(200);
  const nowhere = `sha256:${"0".repeat(64)}`;
  for (const [kind, there] of [
    ["manifests", secret.digest],
    ["blobs", await configDigest(elsewhere, "gpu/app", secret.digest)],
  ]) {
    const [mine, none] = [await pull(site, `team/app/${kind}/${there}`, "type4"), nowhere];
    const absent = await pull(site, `team/app/${kind}/${none}`, "type4");
    const shown = async (one: Response) => [
      one.status,
      await one.text(),
      [...one.headers].filter(([key]) => key !== "date"),
    ];
    expect(mine.status).toBe(404);
    expect(await shown(mine)).toEqual(await shown(absent));
  }
  // Under another name the list leads nowhere, and whoever may not see the name sees none of its builds.
  const blob = await configDigest(elsewhere, "gpu/app", gpu.digest);
  expect((await pull(site, `team/fast/manifests/${gpu.digest}`, "type4")).status).toBe(404);
  expect((await pull(site, `team/fast/blobs/${blob}`, "type4")).status).toBe(404);
  expect((await pull(site, `team/app/manifests/${gpu.digest}`, "type4-narrow")).status).toBe(404);
  expect((await pull(site, `team/app/blobs/${blob}`, "type4-narrow")).status).toBe(404);
});

test("a list leads to no host that is not an upstream", async () => {
  await spread();
  const image = "team/app:v1";
  behind.lists = [
    list("app", { image, manifests: [{ image: `${elsewhere.host}/gpu/app:v1` }, { image: "team/app:generic" }] }),
  ];
  const site = await start();
  const before = elsewhere.requests.length;
  expect(digestOf(await pull(site, "team/app/manifests/v1", "type4"))).toBe(
    digestOf(await pull(site, "team/app/manifests/generic", "unfiltered")),
  );
  expect(elsewhere.requests.length).toBe(before);
});

test.each([
  ["with what was known", true],
  ["after a restart", false],
])("a pull that began goes on for an hour after the list has moved, %s, and ends then", async (_name, same) => {
  const { gpu } = await spread();
  const first = await start();
  const began = await pull(first, "team/app/manifests/v1", "type4");
  expect(digestOf(began)).toBe(gpu.digest);
  const whole = await pull(first, "team/app/manifests/v1", "unfiltered");
  const index = digestOf(whole) ?? "";
  behind.lists = [];
  behind.now += hour;
  const site = same ? first : await start();
  const blob = await configDigest(elsewhere, "gpu/app", gpu.digest);
  const paths = [`manifests/${gpu.digest}`, `blobs/${blob}`, `manifests/${index}`];
  for (const path of paths) expect([path, (await pull(site, `team/app/${path}`, "type4")).status]).toEqual([path, 200]);
  behind.now += 2 * hour;
  for (const path of paths) expect([path, (await pull(site, `team/app/${path}`, "type4")).status]).toEqual([path, 404]);
});

test("another process that has no record finds all of it by the list as it is", async () => {
  const { gpu } = await spread();
  const first = await start();
  const index = digestOf(await pull(first, "team/app/manifests/v1", "unfiltered")) ?? "";
  const blob = await configDigest(elsewhere, "gpu/app", gpu.digest);
  for (const path of [`blobs/${blob}`, `manifests/${gpu.digest}`, `manifests/${index}`]) {
    const other = await start({ recordFile: join(behind.folder, `empty-${path.slice(-8)}`) });
    expect([path, (await pull(other, `team/app/${path}`, "type4")).status]).toEqual([path, 200]);
  }
});

test("who sees everything gets an index of the list, the same each time, that says what each build requires", async () => {
  const { generic, broadwell, gpu } = await spread();
  const site = await start();
  const [one, other] = [
    await pull(site, "team/app/manifests/v1", "unfiltered"),
    await pull(await start({ recordFile: join(behind.folder, "other") }), "team/app/manifests/v1", "unfiltered"),
  ];
  const bytes = Buffer.from(await one.arrayBuffer());
  expect(bytes.equals(Buffer.from(await other.arrayBuffer()))).toBe(true);
  const read = readIndex(bytes);
  const variants = read.complete ? read.variants : [];
  expect(variants.map(({ digest, priority, requires }) => [digest, priority, requires.length])).toEqual([
    [generic.digest, 0, 0],
    [broadwell.digest, 0, 1],
    [gpu.digest, 1, 2],
  ]);
  const chosen = await pull(site, "team/app/manifests/v1", "type4");
  expect(chosen.headers.get("metahub-index")).toBe(digestOf(one));
});

test("a machine type that is answered with an index gets that of the list, reduced, and by its digest again", async () => {
  const { gpu } = await spread();
  const settings = { answerIndex: new Set(["type4"]) };
  const first = await start({ settings });
  const tag = await pull(first, "team/app/manifests/v1", "type4");
  const text = await tag.text();
  expect(JSON.parse(text).manifests.map(({ digest }: StoredDescriptor) => digest)).toEqual([gpu.digest]);
  const again = await pull(await start({ settings }), `team/app/manifests/${digestOf(tag)}`, "type4");
  expect(await again.text()).toBe(text);
});

test("while a build's registry does not answer, nobody that it may be for gets another one, nor an index without it", async () => {
  const { generic } = await spread();
  elsewhere.faults.add({ path: /v1/, fault: { kind: "status", status: 500 } });
  const site = await start();
  expect((await pull(site, "team/app/manifests/v1", "type4")).status).toBe(503);
  expect((await pull(site, "team/app/manifests/v1", "unfiltered")).status).toBe(503);
  expect(digestOf(await pull(site, "team/app/manifests/v1", "type3"))).toBe(generic.digest);
});

test("a list of SIF files is chosen from, each where it lies", async () => {
  const sif = (text: string) => ({
    config: { mediaType: "application/vnd.sylabs.sif.config.v1+json", digest: `sha256:${"c".repeat(64)}`, size: 2 },
    layers: [{ mediaType: "application/vnd.sylabs.sif.layer.v1.sif", digest: `sha256:${"d".repeat(64)}`, size: 3 }],
    annotations: { text },
  });
  const [slow, fast] = [
    await putImage(upstream.store, "hpc/app", "slow", configOf("a"), sif("slow")),
    await putImage(elsewhere.store, "hpc/fast", "v1", configOf("b"), sif("fast")),
  ];
  const platform = { os: "linux", architecture: "amd64" };
  behind.lists = [
    list("sif", {
      image: "hpc/app:v1",
      manifests: [
        { image: "hpc/app:slow", platform },
        { image: "ghcr.io/hpc/fast:v1", platform, features: ["cpu:broadwell"] },
      ],
    }),
  ];
  const site = await start();
  const users = ["type3", "type1"];
  const answers = await Promise.all(users.map((user) => pull(site, "hpc/app/manifests/v1", user)));
  expect(answers.map(digestOf)).toEqual([slow.digest, fast.digest]);
  const whole = JSON.parse(await (await pull(site, "hpc/app/manifests/v1", "unfiltered")).text());
  expect(whole.manifests).toHaveLength(2);
});

test("a list none of whose builds is there brings nothing, for whomever", async () => {
  await putIndex(upstream.store, "team/app", "v1", []);
  behind.lists = [list("app", { image: "team/app:v1", manifests: [{ image: "team/app:gone" }] })];
  const site = await start();
  for (const user of ["type1", "unfiltered"]) {
    const response = await pull(site, "team/app/manifests/v1", user);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("ClusterManifestList app")]);
  }
});

test("a list of a namespace is nothing to machines outside of it", async () => {
  await spread();
  behind.lists = [
    list("app", { image: "team/app:v1", manifests: [{ image: "team/app:generic" }] }, { namespace: "team" }),
  ];
  expect((await pull(await start(), "team/app/manifests/v1", "type1")).status).toBe(404);
});

test("while nobody can look up what was answered before, a digest that nobody knows is not called missing", async () => {
  const { gpu, generic } = await spread();
  await mkdir(join(behind.folder, "record.lists"));
  await mkdir(join(behind.folder, "broken"));
  const nowhere = `sha256:${"0".repeat(64)}`;
  for (const recordFile of [join(behind.folder, "record"), join(behind.folder, "broken")]) {
    const site = await start({ recordFile });
    const statuses = async (...paths: readonly string[]) =>
      await Promise.all(paths.map(async (path) => (await pull(site, path, "type4")).status));
    const blob = await configDigest(elsewhere, "gpu/app", gpu.digest);
    // What the list leads to now, and what upstream has, needs no record.
    expect(
      await statuses("team/app/manifests/v1", `team/app/manifests/${gpu.digest}`, `team/app/blobs/${blob}`),
    ).toEqual([200, 200, 200]);
    expect(await statuses(`team/app/manifests/${generic.digest}`, "team/app/manifests/none")).toEqual([200, 404]);
    const lost = await pull(site, `team/app/manifests/${nowhere}`, "type4");
    expect([lost.status, await lost.text()]).toEqual([503, expect.stringContaining("cannot be looked up now")]);
    const hidden = await statuses(`team/app/manifests/${nowhere}`, `team/app/blobs/${nowhere}`);
    expect(hidden).toEqual(recordFile.endsWith("record") ? [503, 503] : [503, 404]);
    expect((await pull(site, `team/app/manifests/${nowhere}`, "type4-narrow")).status).toBe(404);
  }
});

test("a list of more builds than an index holds is not answered, and whoever asks is told why", async () => {
  const parts = await Promise.all(
    ["a", "b"].map(async (part) => {
      const entries = await Promise.all(
        Array.from({ length: 600 }, async (_, count) => ({
          ...(await putManifest(upstream.store, "team/many", undefined, `${part}${count}`)),
          platform: { os: "linux", architecture: "amd64" },
        })),
      );
      return await putIndex(upstream.store, "team/many", part, entries);
    }),
  );
  expect(new Set(parts.map(({ digest }) => digest)).size).toBe(2);
  const manifests = [{ image: "team/many:a" }, { image: "team/many:b" }];
  behind.lists = [list("many", { image: "team/many:v1", manifests })];
  const site = await start();
  for (const user of ["type1", "unfiltered"]) {
    const response = await pull(site, "team/many/manifests/v1", user);
    const told = expect.stringContaining("ClusterManifestList many leads to 1200 builds, and an index holds 1024");
    expect([response.status, await response.text()]).toEqual([502, told]);
  }
});

test("an index that cannot tell all that a build requires is given to nobody who goes by it; the build is", async () => {
  const own = await putImage(upstream.store, "team/app", "own", configOf("own"));
  const build = (image: string, one: string, other: string) => ({
    image,
    platform: { architecture: "amd64", features: [`cpu:${one}`] },
    features: [`cpu:${other}`],
  });
  const entries = [{ ...own, platform: { os: "linux", architecture: "amd64", features: ["cpu:nehalem"] } }];
  await putIndex(upstream.store, "team/app", "index", entries);
  const site = await start();
  behind.lists = [list("app", { image: "team/app:v1", manifests: [build("team/app:index", "broadwell", "haswell")] })];
  const whole = await pull(site, "team/app/manifests/v1", "unfiltered");
  expect([whole.status, await whole.text()]).toEqual([502, expect.stringContaining("a third demand on one namespace")]);
  expect(digestOf(await pull(site, "team/app/manifests/v1", "type2"))).toBe(own.digest);
  behind.lists = [
    list("app", { image: "team/app:v1", manifests: [build("team/app:index", "broadwell", "broadwell")] }),
  ];
  const two = await pull(site, "team/app/manifests/v1", "unfiltered");
  const read = readIndex(Buffer.from(await two.arrayBuffer()));
  const groups = read.complete ? read.variants[0]?.requires.map((group) => group.map(formatFeature).join()) : [];
  expect(groups?.toSorted()).toEqual(["cpu:broadwell", "cpu:nehalem"]);
});

test("a name for others is answered without asking anybody: no time tells whether it is there, or a list speaks for it", async () => {
  const { gpu } = await spread();
  await putImage(upstream.store, "team/plain", "v1", configOf("plain"));
  const site = await start();
  const asked = (): number => upstream.requests.length + elsewhere.requests.length;
  const before = asked();
  const paths = ["manifests/v1", `manifests/${gpu.digest}`, `blobs/${gpu.digest}`, "tags/list"];
  for (const repository of ["team/app", "team/plain", "team/none"]) {
    for (const path of paths) {
      const { status } = await pull(site, `${repository}/${path}`, "type1-narrow");
      expect([repository, path, status]).toEqual([repository, path, 404]);
    }
  }
  expect(asked()).toBe(before);
  expect((await pull(site, "team/plain/manifests/v1", "type1")).status).toBe(200);
  expect(asked()).toBeGreaterThan(before);
});

test("a build that lies in the asked repository too is taken from there", async () => {
  const own = await putImage(upstream.store, "team/app", "same", configOf("same"));
  await putImage(elsewhere.store, "gpu/app", "same", configOf("same"));
  const manifests = [{ image: "ghcr.io/gpu/app:same" }, { image: "team/app:same" }];
  behind.lists = [list("same", { image: "team/app:v1", manifests })];
  const site = await start();
  expect(digestOf(await pull(site, "team/app/manifests/v1", "type1"))).toBe(own.digest);
  const before = elsewhere.requests.length;
  const blob = await configDigest(upstream, "team/app", own.digest);
  for (const path of [`manifests/${own.digest}`, `blobs/${blob}`]) {
    expect([path, (await pull(site, `team/app/${path}`, "type1")).status]).toEqual([path, 200]);
  }
  expect(elsewhere.requests.length).toBe(before);
});
