import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";

const index = "application/vnd.oci.image.index.v1+json";
const base = "/v2/qnib/bench/manifests";
const sha = (bytes: ArrayBuffer | Buffer): string =>
  `sha256:${createHash("sha256").update(new Uint8Array(bytes)).digest("hex")}`;

interface Entry {
  readonly digest: string;
  readonly [key: string]: unknown;
}

let folder: string;
let recordFile: string;
let site: ProxySite;
const settings = { answerIndex: new Set(["type1", "type3"]) };
const others: ProxySite[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-made-"));
  recordFile = join(folder, "record");
  site = await startProxySite({ settings, recordFile });
});
afterAll(async () => {
  for (const other of [...others, site]) await other.close();
  await rm(folder, { recursive: true, force: true });
});

/** Another replica, or the same one after a restart. */
async function another(record: string | undefined = recordFile): Promise<ProxySite> {
  const options = { settings, upstream: site.upstream, ...(record === undefined ? {} : { recordFile: record }) };
  const other = await startProxySite(options);
  others.push(other);
  return other;
}
const digestOf = (response: Response): string => response.headers.get("docker-content-digest") ?? "";
async function entriesUpstream(): Promise<readonly Entry[]> {
  const response = await site.ask(`${base}/${site.builds.index.digest}`, "unfiltered");
  return JSON.parse(await response.text()).manifests;
}
async function push(tag: string, document: object): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = await site.upstream.store.putManifest("qnib/bench", { mediaType: index, bytes, tag });
  return digest ?? "";
}

test("a tag brings an index of the one build, with all that stood beside it, the same each time", async () => {
  const response = await site.ask(`${base}/latest`, "type1");
  const bytes = Buffer.from(await response.arrayBuffer());
  expect([response.status, response.headers.get("content-type"), digestOf(response)]).toEqual([200, index, sha(bytes)]);
  expect(response.headers.get("metahub-index")).toBe(site.builds.index.digest);
  const upstream = JSON.parse(await (await site.ask(`${base}/latest`, "unfiltered")).text());
  const reduced = JSON.parse(bytes.toString());
  expect(reduced).toEqual({ ...upstream, manifests: [expect.anything()] });
  expect(Object.keys(reduced)).toEqual(Object.keys(upstream));
  expect(upstream.manifests).toContainEqual(reduced.manifests[0]);
  expect(site.builds.tags.get(reduced.manifests[0].digest)).toBe("cpu-broadwell");
  const head = await site.ask(`${base}/latest`, "type1", { method: "HEAD" });
  expect([digestOf(head), head.headers.get("content-length")]).toEqual([sha(bytes), String(bytes.length)]);
  const other = await site.ask(`${base}/latest`, "type3", { method: "HEAD" });
  expect(digestOf(other)).not.toBe(sha(bytes));
});

test("other machine types go on getting the build itself", async () => {
  const response = await site.ask(`${base}/latest`, "type2");
  expect(site.builds.tags.get(digestOf(response))).toBe("cpu-skylake");
});

test("attestations of the build stay with it, and a build in a nested index comes in that one", async () => {
  const entries = await entriesUpstream();
  const chosen = entries.find(({ digest }) => site.builds.tags.get(digest) === "cpu-broadwell");
  const attestation = (of: string) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: sha(Buffer.from(of)),
    size: 2,
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of },
  });
  const all = entries.flatMap((entry) => [entry, attestation(entry.digest)]);
  const document = { schemaVersion: 2, mediaType: index, annotations: { which: "nested" }, manifests: all };
  const nested = await push("nested", document);
  const size = JSON.stringify(document).length;
  const root = await push("outer", {
    schemaVersion: 2,
    mediaType: index,
    manifests: [{ mediaType: index, digest: nested, size }],
  });
  const response = await site.ask(`${base}/outer`, "type1");
  expect(response.headers.get("metahub-index")).toBe(root);
  const reduced = JSON.parse(await response.text());
  expect(reduced).toEqual({ ...document, manifests: [chosen, attestation(chosen?.digest ?? "")] });
});

test("an index whose only choice it is comes as it is", async () => {
  const entries = await entriesUpstream();
  const only = entries.filter(({ digest }) => site.builds.tags.get(digest) === "cpu-broadwell");
  const digest = await push("only", { schemaVersion: 2, mediaType: index, manifests: only });
  expect(digestOf(await site.ask(`${base}/only`, "type1"))).toBe(digest);
});

test("what was answered stays answerable by its digest: after a restart, a moved tag, and another answer for the type", async () => {
  const digest = digestOf(await site.ask(`${base}/latest`, "type1", { method: "HEAD" }));
  const moved = await push("latest", {
    schemaVersion: 2,
    mediaType: index,
    manifests: (await entriesUpstream()).slice(0, 1),
  });
  settings.answerIndex = new Set();
  try {
    const restarted = await another();
    await push("latest", { schemaVersion: 2, mediaType: index, manifests: (await entriesUpstream()).slice(0, 1) });
    expect(digestOf(await restarted.ask(`${base}/latest`, "unfiltered", { method: "HEAD" }))).toBe(moved);
    for (const asked of [site, restarted]) {
      for (const user of ["type1", "type2", "unfiltered"]) {
        const response = await asked.ask(`${base}/${digest}`, user);
        expect([response.status, response.headers.get("content-type")]).toEqual([200, index]);
        expect(sha(await response.arrayBuffer())).toBe(digest);
      }
      expect((await asked.ask(`/v2/team/other/manifests/${digest}`, "type1")).status).toBe(404);
    }
  } finally {
    settings.answerIndex = new Set(["type1", "type3"]);
  }
});

test("a build stays answerable too, when the tag has moved on to another, and for credentials that became another type's", async () => {
  const digest = digestOf(await site.ask(`${base}/latest`, "type2", { method: "HEAD" }));
  const entries = await entriesUpstream();
  await push("latest", {
    schemaVersion: 2,
    mediaType: index,
    manifests: entries.filter((entry) => entry.digest !== digest),
  });
  for (const asked of [site, await another()]) {
    for (const user of ["type2", "type4"]) {
      expect(sha(await (await asked.ask(`${base}/${digest}`, user)).arrayBuffer())).toBe(digest);
    }
  }
});

test("a replica learns from the record what another one made meanwhile", async () => {
  const replica = await another();
  const digest = digestOf(await site.ask(`${base}/latest`, "type3", { method: "HEAD" }));
  expect(sha(await (await replica.ask(`${base}/${digest}`, "type3")).arrayBuffer())).toBe(digest);
});

test("who may not see the repository does not see what was made of it", async () => {
  const digest = digestOf(await site.ask(`${base}/latest`, "type3", { method: "HEAD" }));
  expect((await site.ask(`/v2/team/secret/manifests/${digest}`, "type3-narrow")).status).toBe(404);
});

test("a record that lies brings nothing, and one that cannot be written keeps nobody from an answer", async () => {
  const lines = (await readFile(recordFile, "utf8")).trim().split("\n");
  const lie = { ...JSON.parse(lines[0] ?? "{}"), digest: `sha256:${"e".repeat(64)}` };
  const file = join(folder, "lies");
  await writeFile(file, `${JSON.stringify(lie)}\n{"half":\n[]\n`);
  const lying = await another(file);
  expect((await lying.ask(`${base}/${lie.digest}`, "type1")).status).toBe(404);
  const nowhere = await another(join(folder, "no/such/folder/record"));
  const digest = digestOf(await nowhere.ask(`${base}/latest`, "type1", { method: "HEAD" }));
  expect((await nowhere.ask(`${base}/${digest}`, "type1")).status).toBe(200);
  expect(nowhere.log.join("")).toContain("RECORD_UNUSABLE");
});

test("the record is its owner's alone", async () => {
  expect((await stat(recordFile)).mode & 0o777).toBe(0o600);
});
