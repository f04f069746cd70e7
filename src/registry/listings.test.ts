import { expect, test } from "vitest";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import type { RunningRegistry } from "../../test/support/registry/start.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { RegistryClient } from "./client.ts";

const fixture = registryFixture();
const digest = `sha256:${"a".repeat(64)}`;
const index = "application/vnd.oci.image.index.v1+json";
const nothing = { schemaVersion: 2, mediaType: index, manifests: [] };
const access = () => ({ credentials: undefined, signal: AbortSignal.timeout(5_000) });
const query = (text = "") => new URLSearchParams(text);

async function start(): Promise<{ running: RunningRegistry; reference: Reference; client: RegistryClient }> {
  const running = await fixture.registry();
  return { running, reference: parseReference(`${running.host}/team/app`), client: fixture.client() };
}
const json = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
const answer = (path: RegExp, status: number, headers: Readonly<Record<string, string>> = {}, body = "") => ({
  path,
  fault: { kind: "status", status, headers, body } as const,
});

test("tags are passed on as they are, with the query of the next page", async () => {
  const { running, reference, client } = await start();
  for (const tag of ["a", "b", "c"]) {
    await running.store.putManifest("team/app", { mediaType: index, bytes: Buffer.from("{}"), tag });
  }
  const page = await client.tags(reference, query("n=2"), access());
  expect(json(page.bytes)).toEqual({ name: "team/app", tags: ["a", "b"] });
  expect(page.next).toBe("n=2&last=b");
  const last = await client.tags(reference, query(page.next), access());
  expect([json(last.bytes), last.next]).toEqual([{ name: "team/app", tags: ["c"] }, undefined]);
});

test.each([
  ["another host's path", "https://evil.example.com/v2/other/tags/list?n=1", undefined],
  ["no query", "</v2/team/app/tags/list>", undefined],
  ["another relation", '</v2/team/app/tags/list?n=1>; rel="prev"', undefined],
  ["a target of another repository", '</v2/team/secret/tags/list?n=1>; rel="next"', undefined],
  ["a whole URL of its own", '<PATH?n=1&last=x>; rel="next"', "n=1&last=x"],
  ["a relation without quotes", "</v2/team/app/tags/list?n=1>; rel=next", "n=1"],
])("of a link only the query counts, and only of a next page here: %s", async (_name, link, next) => {
  const { running, reference, client } = await start();
  const own = `http://${running.host}/v2/team/app/tags/list`;
  running.faults.add(answer(/tags/, 200, { link: link.replace("PATH", own) }, "{}"));
  expect((await client.tags(reference, query(), access())).next).toBe(next);
});

test("a link that is too long to be passed on is an error", async () => {
  const { running, reference, client } = await start();
  // Each of them is six characters in a URL.
  const link = `</v2/team/app/tags/list?last=${"\u00e9".repeat(1_000)}>; rel="next"`;
  running.faults.add(answer(/tags/, 200, { link }, "{}"));
  await expect(client.tags(reference, query(), access())).rejects.toMatchObject({ code: "INVALID" });
});

test("a page beyond the bound is an error", async () => {
  const { running, reference, client } = await start();
  running.faults.add({
    path: /tags/,
    fault: { kind: "repeat", piece: Buffer.alloc(1_048_576), times: 5 },
  });
  await expect(client.tags(reference, query(), access())).rejects.toMatchObject({ code: "TOO_LARGE" });
});

test("referrers are the registry's own, with the filter that it applied", async () => {
  const { running, reference, client } = await start();
  const headers = { "content-type": index, "oci-filters-applied": "artifactType" };
  running.faults.add(answer(/referrers/, 200, headers, '{"own":1}'));
  const page = await client.referrers(reference, digest, query("artifactType=x"), access());
  expect([json(page.bytes), page.filtered]).toEqual([{ own: 1 }, "artifactType"]);
  expect(running.requests[0]?.path).toBe(`/v2/team/app/referrers/${digest}?artifactType=x`);
});

test.each([400, 404, 405, 406, 501])("without the API (%d) the tag that stands in for it answers", async (status) => {
  const { running, reference, client } = await start();
  running.faults.add(answer(/referrers/, status));
  const bytes = Buffer.from(JSON.stringify({ ...nothing, annotations: { own: "1" } }));
  await running.store.putManifest("team/app", { mediaType: index, bytes, tag: digest.replace(":", "-") });
  const page = await client.referrers(reference, digest, query("artifactType=x"), access());
  expect([Buffer.from(page.bytes).equals(bytes), page.filtered]).toEqual([true, undefined]);
});

test("without the tag either, or where it is no index, nothing refers to the digest", async () => {
  const { running, reference, client } = await start();
  expect(json((await client.referrers(reference, digest, query(), access())).bytes)).toEqual(nothing);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const bytes = Buffer.from("{}");
  await running.store.putManifest("team/app", { mediaType, bytes, tag: digest.replace(":", "-") });
  expect(json((await client.referrers(reference, digest, query(), access())).bytes)).toEqual(nothing);
});

test.each([
  ["UNAUTHORIZED", 401],
  ["DENIED", 403],
  ["SERVER_ERROR", 500],
])("a refusal is not taken for a registry without the API: %s", async (code, status) => {
  const { running, reference, client } = await start();
  running.faults.add(answer(/referrers/, status));
  await expect(client.referrers(reference, digest, query(), access())).rejects.toMatchObject({ code });
  running.faults.clear();
  running.faults.add(answer(/manifests/, status));
  await expect(client.referrers(reference, digest, query(), access())).rejects.toMatchObject({ code });
});
