import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ProxySite, startProxySite } from "../../test/support/proxy/site.ts";
import { type RunningRegistry, startRegistry } from "../../test/support/registry/start.ts";
import { maySendTo } from "./upstreams.ts";

test.each([
  ["storage.example.net", true],
  ["hub.example.com", false],
  ["HUB.example.com.", false],
  ["cdn.hub.example.com", false],
  ["evilhub.example.com", true],
  ["example.com", true],
])("%s: clients of hub.example.com may be sent there: %s", (target, may) => {
  expect(maySendTo(target, "hub.example.com")).toBe(may);
});

/** Upstream and storage are plain, as no registry of the world is. */
const client = { plainHttp: () => true };
let site: ProxySite;
let storage: RunningRegistry;
const api = { ownHost: "hub.example.com" };
beforeAll(async () => {
  storage = await startRegistry({ address: "127.0.0.2" });
  site = await startProxySite({ upstreams: [{ name: "hub", host: "docker.io", redirectBlobs: true }], client });
});
afterEach(() => site.upstream.faults.clear());
afterAll(async () => {
  await site.close();
  await storage.close();
});

/** The path and digest of a blob, which the upstream sends to be fetched elsewhere. */
async function layer(of: ProxySite): Promise<{ readonly path: string; readonly size: number }> {
  const manifest = JSON.parse(await (await of.ask("/v2/qnib/bench/manifests/latest", "type1")).text());
  const { digest, size } = manifest.layers[0];
  const bytes = await site.upstream.store.blob("qnib/bench", digest);
  await storage.store.putBlob("qnib/bench", Buffer.from(bytes ?? ""));
  return { path: `/v2/qnib/bench/blobs/${digest}`, size };
}
const redirectTo = (location: string): void =>
  site.upstream.faults.add({ path: /\/blobs\//, fault: { kind: "redirect", location } });

test("where the operator says so, a client is sent to where the upstream keeps the blob", async () => {
  const { path } = await layer(site);
  const location = `http://${storage.host}${path}?signature=s`;
  redirectTo(location);
  for (const headers of [{}, { range: "bytes=0-1" }]) {
    const response = await site.ask(path, "type1", { redirect: "manual", headers });
    expect([response.status, response.headers.get("location")]).toEqual([307, location]);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    expect(await response.text()).toBe("");
  }
  expect(storage.requests).toHaveLength(0);
  expect(site.log.join("")).not.toContain("signature=s");
});

test("a blob that the upstream itself gives is streamed, and its size is told by HEAD", async () => {
  const { path, size } = await layer(site);
  const response = await site.ask(path, "type1", { redirect: "manual" });
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, size]);
  const head = await site.ask(path, "type1", { redirect: "manual", method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
  expect((await site.ask(path.replace(/.{8}$/, "00000000"), "type1")).status).toBe(404);
});

test("to the upstream's own address nobody is sent: it wants the upstream's credentials", async () => {
  const { path, size } = await layer(site);
  const moved = path.replace("qnib/bench", "qnib/moved");
  await site.upstream.store.putBlob(
    "qnib/moved",
    Buffer.from((await site.upstream.store.blob("qnib/bench", path.split("/").at(-1) ?? "")) ?? ""),
  );
  site.upstream.faults.add({
    path: /bench\/blobs\//,
    fault: { kind: "redirect", location: `http://${site.upstream.host}${moved}` },
  });
  const response = await site.ask(path, "type1", { redirect: "manual" });
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, size]);
});

test.each([
  ["our own name on another port", { ownHost: "127.0.0.2" }, [{ name: "hub", host: "docker.io", redirectBlobs: true }]],
  ["anywhere, where the operator does not say so", api, [{ name: "hub", host: "docker.io" }]],
])("nobody is sent to %s: the blob is streamed", async (_name, more, upstreams) => {
  const other = await startProxySite({ upstreams, api: more, client, upstream: site.upstream });
  try {
    const { path, size } = await layer(other);
    redirectTo(`http://${storage.host}${path}`);
    const response = await other.ask(path, "type1", { redirect: "manual" });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, size]);
  } finally {
    site.upstream.faults.clear();
  }
});

test("a redirect to what is no address is an error of the upstream", async () => {
  const { path } = await layer(site);
  redirectTo("ftp://example.com/blob");
  expect((await site.ask(path, "type1", { redirect: "manual" })).status).toBe(502);
});
