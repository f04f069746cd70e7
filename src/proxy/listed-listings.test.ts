import { afterEach, beforeEach, expect, test } from "vitest";
import { list } from "../../test/support/lists.ts";
import { configOf, digestOf, ListedRegistries } from "../../test/support/proxy/listed-registries.ts";
import { ociIndex, putImage, putIndex } from "../../test/support/registry/content.ts";

let behind: ListedRegistries;
beforeEach(async () => {
  behind = await ListedRegistries.open();
});
afterEach(() => behind.close());

const listOf = (name: string, tags: readonly string[]) =>
  list(name, { image: "team/app", tags: [...tags], manifests: [{ image: "team/app:generic" }] });

test("the tags of lists stand among those of the repository, page by page, for whoever may see it", async () => {
  await behind.spread();
  behind.lists = [...behind.lists, listOf("more", ["a1", "generic", "z1"]), listOf("every", [])];
  const site = await behind.start();
  for (const user of ["type1", "unfiltered"]) {
    const whole = await site.ask("/v2/team/app/tags/list", user);
    expect(JSON.parse(await whole.text())).toEqual({ name: "team/app", tags: ["a1", "generic", "v1", "z1"] });
  }
  const seen: string[] = [];
  for (let next = "/v2/team/app/tags/list?n=1"; next !== ""; ) {
    const page = await site.ask(next, "type1");
    const { tags } = JSON.parse(await page.text());
    expect(tags.length).toBeLessThanOrEqual(1);
    seen.push(...tags);
    next = /^<(\/v2\/team\/app\/tags\/list\?.+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
  }
  expect(seen).toEqual(["a1", "generic", "v1", "z1"]);
  expect(behind.upstream.requests.some(({ path }) => path.includes("metahub"))).toBe(false);
  const head = await site.ask("/v2/team/app/tags/list", "type1", { method: "HEAD" });
  expect([head.status, Number(head.headers.get("content-length")) > 0]).toEqual([200, true]);
});

test("a name that no registry has has the tags of its lists; one of which they name no tag is not there", async () => {
  const manifests = [{ image: "ghcr.io/gpu/app:v1" }];
  behind.lists = [
    list("new", { image: "team/new:v1", tags: ["v2"], manifests }),
    list("every", { image: "team/every", manifests }),
  ];
  const site = await behind.start();
  const tags = await site.ask("/v2/team/new/tags/list?ns=docker.io", "type1");
  expect(JSON.parse(await tags.text())).toEqual({ name: "team/new", tags: ["v1", "v2"] });
  expect((await site.ask("/v2/team/every/tags/list", "type1")).status).toBe(404);
  // Neither tags nor that there is a list are told to whoever may not see the name.
  expect((await site.ask("/v2/team/new/tags/list", "type1-narrow")).status).toBe(404);
  behind.upstream.faults.add({ path: /tags\/list/, fault: { kind: "status", status: 500 } });
  expect((await site.ask("/v2/team/new/tags/list", "type1")).status).toBe(502);
});

/** A signature of a digest, and the tag at which registries without a referrers API keep it. */
async function sign(digest: string, isAlone = true): Promise<string> {
  const { store } = behind.upstream;
  const subject = { mediaType: ociIndex, digest, size: 2 };
  const artifactType = "application/vnd.example.signature";
  const signature = await putImage(store, "team/app", undefined, Buffer.from("{}"), { artifactType, subject });
  // Whatever stands in it, nobody is to choose from it: the second one would be a build.
  const image = await putImage(store, "team/app", undefined, configOf("refers"));
  const platform = { os: "linux", architecture: "amd64", features: ["cpu:broadwell"] };
  const entries = [{ ...signature, artifactType }, ...(isAlone ? [] : [{ ...image, platform }])];
  await putIndex(store, "team/app", digest.replace(":", "-"), entries);
  return signature.digest;
}

test("what refers to an index that a list makes, or to a build of it, is found as for any digest of the repository", async () => {
  const { generic, gpu } = await behind.spread();
  const site = await behind.start();
  const index = digestOf(await site.ask("/v2/team/app/manifests/v1", "unfiltered")) ?? "";
  const referrers = async (digest: string, user = "type1"): Promise<unknown> => {
    const response = await site.ask(`/v2/team/app/referrers/${digest}`, user);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, ociIndex]);
    return JSON.parse(await response.text()).manifests.map(({ digest: one }: { digest: string }) => one);
  };
  expect([await referrers(index), await referrers(generic.digest)]).toEqual([[], []]);
  for (const digest of [index, generic.digest]) {
    const signature = await sign(digest);
    expect(await referrers(digest)).toEqual([signature]);
    expect((await site.ask(`/v2/team/app/manifests/${signature}`, "type1")).status).toBe(200);
  }
  // What is said of a build in its own repository is there, under that name, and not under the list's.
  expect(await referrers(gpu.digest)).toEqual([]);
});

test("a list of every tag leaves alone those that stand for a digest, and a view passes them on as they are", async () => {
  const { generic } = await behind.spread();
  behind.lists = [listOf("every", [])];
  const site = await behind.start();
  const signature = await sign(generic.digest, false);
  const tag = generic.digest.replace(":", "-");
  const sig = await putImage(behind.upstream.store, "team/app", `${tag}.sig`, Buffer.from("{}"));
  for (const user of ["type1", "unfiltered"]) {
    expect(digestOf(await site.ask("/v2/team/app/manifests/any", user))).toBeTruthy();
    const standIn = await site.ask(`/v2/team/app/manifests/${tag}`, user);
    expect(JSON.parse(await standIn.text()).manifests).toMatchObject([{ digest: signature }, {}]);
    expect(digestOf(await site.ask(`/v2/team/app/manifests/${tag}.sig`, user))).toBe(sig.digest);
  }
});
