import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { putImage, putIndex, putManifest } from "../../test/support/registry/content.ts";

let site: ProxySite;
let base = "";
beforeAll(async () => {
  site = await startProxySite({ upstreams: [{ name: "hub", host: "docker.io" }] });
  base = "/v2/qnib/bench";
});
afterAll(() => site.close());

const sha = (bytes: ArrayBuffer): string => `sha256:${createHash("sha256").update(Buffer.from(bytes)).digest("hex")}`;
const errorOf = async (response: Response): Promise<[number, string, string]> => {
  const { errors } = JSON.parse(await response.text());
  return [response.status, errors[0].code, errors[0].message];
};
/** Tag of the build that a machine type gets under a name. */
async function buildOf(type: string, path = `${base}/manifests/latest`): Promise<string | undefined> {
  const response = await site.ask(path, type);
  const digest = response.headers.get("docker-content-digest") ?? "";
  expect(sha(await response.arrayBuffer())).toBe(digest);
  return site.builds.tags.get(digest);
}

async function firstLayer(type: string): Promise<{ readonly digest: string; readonly size: number }> {
  const { layers } = JSON.parse(await (await site.ask(`${base}/manifests/latest`, type)).text());
  return layers[0];
}

test.each([
  ["type1", "cpu-broadwell"],
  ["type2", "cpu-skylake"],
  ["type3", "cpu-coffelake"],
  ["type4", "cpu_broadwell-nvcap_52"],
])("%s pulls one name and gets %s", async (type, build) => {
  expect(await buildOf(type)).toBe(build);
  expect(await buildOf(type, "/v2/hub/qnib/bench/manifests/latest")).toBe(build);
  expect(await buildOf(type, `${base}/manifests/latest?ns=docker.io`)).toBe(build);
});

test("an answer tells its digest, its index and why, and that no cache may keep it; HEAD as GET", async () => {
  const [got, head] = [
    await site.ask(`${base}/manifests/latest`, "type2"),
    await site.ask(`${base}/manifests/latest`, "type2", { method: "HEAD" }),
  ];
  const names = [
    "content-type",
    "content-length",
    "docker-content-digest",
    "etag",
    "metahub-index",
    "metahub-reason",
    "cache-control",
    "vary",
  ];
  const told = (response: Response) => names.map((name) => response.headers.get(name));
  expect(told(head)).toEqual(told(got));
  const digest = got.headers.get("docker-content-digest");
  expect(told(got)).toEqual([
    "application/vnd.oci.image.manifest.v1+json",
    expect.stringMatching(/^\d+$/),
    digest,
    `"${digest}"`,
    site.builds.index.digest,
    expect.stringMatching(/^cpu:skylake is the closest/),
    "private, no-store",
    "Authorization",
  ]);
  expect(await head.text()).toBe("");
  await got.arrayBuffer();
});

test("by digest there is nothing to choose: an index is answered whole, and so is another machine's build", async () => {
  const { digest } = site.builds.index;
  const index = await site.ask(`${base}/manifests/${digest}`, "type1");
  expect(sha(await index.arrayBuffer())).toBe(digest);
  const [other = ""] = [...site.builds.tags].find(([, tag]) => tag === "cpu-skylake") ?? [];
  const build = await site.ask(`${base}/manifests/${other}`, "type1");
  expect(sha(await build.arrayBuffer())).toBe(other);
});

test("unfiltered credentials see everything as it is upstream", async () => {
  const response = await site.ask(`${base}/manifests/latest`, "unfiltered");
  expect(response.headers.get("docker-content-digest")).toBe(site.builds.index.digest);
  expect(sha(await response.arrayBuffer())).toBe(site.builds.index.digest);
  expect(response.headers.get("metahub-index")).toBeNull();
});

test("an image with no choice in it is answered as it is", async () => {
  expect(await buildOf("type1", `${base}/manifests/cpu-skylake`)).toBe("cpu-skylake");
});

test("an artifact ahead of an image for another machine is no build, and an index that could not be read is asked for again", async () => {
  const { store } = site.upstream;
  const artifact = await putImage(store, "qnib/bench", undefined, Buffer.from("{}"));
  const attests = { "vnd.docker.reference.type": "attestation-manifest" };
  const arm64 = {
    ...(await putManifest(store, "qnib/bench", undefined, "arm64")),
    platform: { os: "linux", architecture: "arm64" },
  };
  await putIndex(store, "qnib/bench", "artifacts", [{ ...artifact, annotations: attests }, arm64]);
  const [status, code] = await errorOf(await site.ask(`${base}/manifests/artifacts`, "type1"));
  expect([status, code]).toEqual([404, "MANIFEST_UNKNOWN"]);
  const unread = await putImage(store, "qnib/bench", undefined, Buffer.from("no JSON"));
  await putIndex(store, "qnib/bench", "unread", [unread]);
  expect((await errorOf(await site.ask(`${base}/manifests/unread`, "type1")))[0]).toBe(503);
});

test("who does not log in is asked to, whatever is asked for", async () => {
  for (const path of ["/v2/", `${base}/manifests/latest`, "/v2/no/such/manifests/latest"]) {
    const response = await site.ask(path);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="/);
    expect(await errorOf(response)).toEqual([401, "UNAUTHORIZED", "log in to this registry"]);
  }
  expect((await site.ask("/v2/", "type1")).status).toBe(200);
});

test("what is not there and what is not for these credentials are one answer", async () => {
  const paths = ["/v2/team/secret/manifests/latest", "/v2/no/such/manifests/latest", `${base}/manifests/no-such-tag`];
  const answers = await Promise.all(
    paths.map(async (path) => {
      const response = await site.ask(path, "type1-narrow");
      const headers = [...response.headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name));
      return [response.status, headers, await response.text()];
    }),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.[0]).toBe(404);
});

test("credentials for some repositories ask upstream for no other", async () => {
  const before = site.upstream.requests.length;
  expect((await site.ask("/v2/team/secret/manifests/latest", "type1-narrow")).status).toBe(404);
  expect(site.upstream.requests.length).toBe(before);
});

test("a machine type that is not there gets nothing", async () => {
  expect((await site.ask(`${base}/manifests/latest`, "no-such-type")).status).toBe(404);
});

test.each(["POST", "PUT", "PATCH", "DELETE"])("%s is refused: this is to read from", async (method) => {
  const response = await site.ask(`${base}/manifests/latest`, "unfiltered", { method });
  expect(response.headers.get("allow")).toBe("GET, HEAD");
  expect((await errorOf(response))[0]).toBe(405);
  expect(
    site.upstream.requests.filter((request) => request.method === method && request.path.includes("manifests/latest")),
  ).toHaveLength(method === "PUT" ? 1 : 0);
});

test("a client's Accept and query do not travel upstream", async () => {
  await site.ask(`${base}/manifests/latest?x=1`, "type1", { headers: { accept: "*/*" } });
  const last = site.upstream.requests.filter(({ path }) => path.includes("/manifests/latest")).at(-1);
  expect(last?.path).not.toContain("x=1");
  expect(last?.headers.accept).toContain("application/vnd.oci.image.index.v1+json");
  expect(last?.headers.authorization).toBeUndefined();
});

test("blobs stream with their size, by range, and by HEAD", async () => {
  const { digest, size } = await firstLayer("type1");
  const path = `${base}/blobs/${digest}`;
  const whole = await site.ask(path, "type1");
  expect(whole.headers.get("content-length")).toBe(String(size));
  const bytes = await whole.arrayBuffer();
  expect(sha(bytes)).toBe(digest);
  const head = await site.ask(path, "type1", { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
  const part = await site.ask(path, "type1", { headers: { range: "bytes=2-5" } });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 2-5/${size}`]);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(bytes).subarray(2, 6));
  const beyond = await site.ask(path, "type1", { headers: { range: `bytes=${size}-` } });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
  await beyond.arrayBuffer();
  const missing = await site.ask(`${base}/blobs/sha256:${"0".repeat(64)}`, "type1");
  expect((await errorOf(missing)).slice(0, 2)).toEqual([404, "BLOB_UNKNOWN"]);
});

test("a blob that is not what its digest names breaks before its end", async () => {
  const { digest, size } = await firstLayer("type3");
  const bytes = Buffer.alloc(size, 1);
  site.upstream.faults.add({ path: new RegExp(`/blobs/${digest}`), fault: { kind: "body", bytes } });
  // A short one breaks before anything of it was sent.
  const read = async (): Promise<ArrayBuffer> => (await site.ask(`${base}/blobs/${digest}`, "type3")).arrayBuffer();
  await expect(read()).rejects.toThrow();
});

test("tags come page by page, with links that lead back here", async () => {
  const first = await site.ask(`/v2/hub/qnib/bench/tags/list?n=2`, "type1");
  const { tags } = JSON.parse(await first.text());
  expect(tags).toHaveLength(2);
  const [, next = ""] = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "") ?? [];
  expect(next).toMatch(/^\/v2\/hub\/qnib\/bench\/tags\/list\?/);
  const rest = JSON.parse(await (await site.ask(next, "type1")).text());
  expect(rest.tags[0]).not.toBe(tags[0]);
});

test("referrers are an index, also of what nothing refers to", async () => {
  const response = await site.ask(`${base}/referrers/sha256:${"0".repeat(64)}`, "type1");
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "application/vnd.oci.image.index.v1+json",
  ]);
  expect(JSON.parse(await response.text())).toMatchObject({ schemaVersion: 2, manifests: [] });
});

test("referrers are one answer where nothing refers, where there is no such repository, and where it is for others", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  site.upstream.faults.add({ path: /no\/login/, fault: { kind: "status", status: 401 } });
  const paths = ["/v2/qnib/bench", "/v2/qnib/no-such", "/v2/team/secret", "/v2/qnib/no/login"];
  for (const query of ["", "?artifactType=application%2Fx"]) {
    const answers = await Promise.all(
      paths.map(async (path) => {
        const response = await site.ask(`${path}/referrers/${digest}${query}`, "type1-narrow");
        const headers = [...response.headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name));
        return [response.status, headers, await response.text()];
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(200);
  }
  site.upstream.faults.clear();
});

test("an upstream in trouble is told, in no words of its own", async () => {
  site.upstream.faults.add({ path: /manifests\/broken/, fault: { kind: "status", status: 500, body: "secret words" } });
  const answer = await errorOf(await site.ask(`${base}/manifests/broken`, "type1"));
  expect(answer).toEqual([502, "UNKNOWN", "the registry behind this one does not give a usable answer"]);
});

test("a request that is none is refused, and the server goes on", async () => {
  const socket = connect(Number(new URL(site.url).port), "127.0.0.1");
  socket.write(
    "GET /v2/qnib/bench/manifests/latest HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
  );
  const [said] = await once(socket, "data");
  expect(String(said)).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
  expect((await site.ask("/v2/", "type1")).status).toBe(200);
});

test("each pull is logged with whose it is, what it got and why, and without a secret", async () => {
  await (await site.ask(`${base}/manifests/latest`, "type4")).arrayBuffer();
  const line = JSON.parse(site.log.findLast((each) => each.includes('"pulled"')) ?? "{}");
  expect(line).toMatchObject({
    credential: "type4",
    machineType: "type4",
    image: "docker.io/qnib/bench:latest",
    reason: expect.stringContaining("nvcap:5.2"),
  });
  expect(site.log.join("")).not.toContain(Buffer.from("type4:x").toString("base64"));
});
