import { describe, expect, test } from "vitest";
import { putIndex, putManifest } from "../../test/support/registry/content.ts";
import { registryFixture } from "../../test/support/registry/fixture.ts";
import { tar } from "../../test/support/registry/tar.ts";
import { computeDigest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import type { Access } from "./access.ts";
import { pushImage } from "./push.ts";

const fixture = registryFixture();
const access = (): Access => ({ credentials: undefined, signal: AbortSignal.timeout(10_000) });
const linux = { os: "linux", architecture: "amd64" };

describe("resolve", () => {
  test("answers what the tag names, asks once for many at once, and remembers it for a time", async () => {
    const running = await fixture.registry();
    const first = await putManifest(running.store, "team/app", "v1", "first");
    let now = 0;
    const client = fixture.client({ now: () => now });
    const reference = parseReference(`${running.host}/team/app:v1`);
    const answers = await Promise.all([1, 2, 3].map(() => client.resolve(reference, access())));
    expect(answers).toEqual([first, first, first]);
    expect(running.requests).toHaveLength(1);

    const second = await putManifest(running.store, "team/app", "v1", "second");
    now += 29_999;
    expect(await client.resolve(reference, access())).toEqual(first);
    now += 1;
    expect(await client.resolve(reference, access())).toEqual(second);
    expect(running.requests).toHaveLength(2);
  });

  test("remembers for a shorter time that there is nothing", async () => {
    const running = await fixture.registry();
    let now = 0;
    const client = fixture.client({ now: () => now });
    const reference = parseReference(`${running.host}/team/app`);
    await expect(client.resolve(reference, access())).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
    const pushed = await putManifest(running.store, "team/app", "latest", "x");
    await expect(client.resolve(reference, access())).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
    now += 5_000;
    expect(await client.resolve(reference, access())).toEqual(pushed);
  });

  test.each([400, 401, 403, 404, 405, 406, 501])("asks with GET where HEAD is answered %i", async (status) => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    running.faults.add({ method: "HEAD", path: /manifests/, fault: { kind: "status", status } });
    const client = fixture.client();
    expect(await client.resolve(parseReference(`${running.host}/team/app:v1`), access())).toEqual(pushed);
    // What that GET brought is kept.
    await client.manifest(parseReference(`${running.host}/team/app@${pushed.digest}`), access());
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  });

  test.each([
    ["no digest", { "docker-content-digest": "" }],
    ["a digest that is none", { "docker-content-digest": "sha256:../../etc" }],
    ["no type", { "content-type": "" }],
    ["a type that no manifest has", { "content-type": "application/json" }],
    ["the type of something else", { "content-type": "application/vnd.example.model" }],
    ["no length", { "content-length": "" }],
    ["a body that would be packed", { "content-encoding": "gzip" }],
  ])("asks with GET where HEAD says %s", async (_what, headers) => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    running.faults.add({ method: "HEAD", path: /manifests/, fault: { kind: "headers", headers } });
    const client = fixture.client();
    expect(await client.resolve(parseReference(`${running.host}/team/app:v1`), access())).toEqual(pushed);
    expect(running.requests.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  });

  test("a digest that HEAD answers with another is asked for with GET, whose bytes decide", async () => {
    const running = await fixture.registry();
    const pushed = await putManifest(running.store, "team/app", "v1", "x");
    const headers = { "docker-content-digest": `sha256:${"0".repeat(64)}` };
    running.faults.add({ method: "HEAD", path: /manifests/, fault: { kind: "headers", headers } });
    const reference = parseReference(`${running.host}/team/app@${pushed.digest}`);
    expect(await fixture.client().resolve(reference, access())).toEqual(pushed);
  });

  test("believes the digest in the reference, not the tag beside it", async () => {
    const running = await fixture.registry();
    const first = await putManifest(running.store, "team/app", "v1", "first");
    await putManifest(running.store, "team/app", "v1", "second");
    const reference = parseReference(`${running.host}/team/app:v1@${first.digest}`);
    expect(await fixture.client().resolve(reference, access())).toEqual(first);
  });

  test("refuses registries that are not on the list, before asking anything", async () => {
    const client = fixture.client({
      allowedRegistries: (host) => host === "good.example.com",
      lookup: () => expect.unreachable("no name may be resolved"),
    });
    await expect(client.resolve(parseReference("evil.example.com/a"), access())).rejects.toMatchObject({
      code: "REFUSED_HOST",
    });
  });

  test("asks Docker Hub at the address of its API", async () => {
    const asked: string[] = [];
    const client = fixture.client({
      plainHttp: () => false,
      lookup: (name, _options, callback) => {
        asked.push(name);
        callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), "");
      },
    });
    await expect(client.resolve(parseReference("nginx"), access())).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("https://registry-1.docker.io/v2/library/nginx/manifests/latest"),
    });
    expect(asked).toEqual(["registry-1.docker.io"]);
  });

  test.each(["../../token", "a/../../b", "a?x=y", "a#b", "a b"])(
    "a repository %s that no parser has seen is refused",
    async (repository) => {
      const asked = fixture.client().resolve({ registry: "r.example.com", repository, name: "x" }, access());
      await expect(asked).rejects.toMatchObject({ code: "INVALID" });
    },
  );
});

describe("manifest", () => {
  test("is fetched once by digest, and only for those who may read it", async () => {
    const running = await fixture.registry({ auth: { scheme: "basic", users: { ann: "a", bob: "b" } } });
    const index = await putIndex(running.store, "team/app", "v1", []);
    const client = fixture.client();
    const reference = parseReference(`${running.host}/team/app@${index.digest}`);
    const as = (username: string, password: string): Access => ({
      ...access(),
      credentials: { kind: "basic", username, password },
    });
    const gets = (): number => running.requests.filter(({ method }) => method === "GET").length;
    await client.manifest(reference, as("ann", "a"));
    const before = gets();
    expect((await client.manifest(reference, as("ann", "a"))).digest).toBe(index.digest);
    expect(gets()).toBe(before);
    await expect(client.manifest(reference, access())).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(client.manifest(reference, as("ann", "b"))).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(client.manifest(reference, as("bob", "b"))).resolves.toMatchObject({ digest: index.digest });
    // Nor does one repository vouch for another.
    const elsewhere = parseReference(`${running.host}/other/app@${index.digest}`);
    await expect(client.manifest(elsewhere, as("ann", "a"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("push", () => {
  test("what is pushed can be pulled, a second push sends no blob, and the same image has the same digest", async () => {
    const running = await fixture.registry();
    const client = fixture.client();
    const reference = parseReference(`${running.host}/team/app:v1`);
    const image = {
      platform: linux,
      layers: [tar([{ path: "bin/" }, { path: "bin/app", bytes: Buffer.from("#!") }])],
      entrypoint: ["/bin/app"],
      env: ["A=b"],
    };
    const descriptor = await pushImage(client, reference, image, access());
    expect(await client.resolve(reference, access())).toEqual(descriptor);
    const { bytes } = await client.manifest(reference, access());
    const manifest = JSON.parse(Buffer.from(bytes).toString());
    const config = JSON.parse(Buffer.from(await client.blob(reference, manifest.config.digest, access())).toString());
    expect(config).toMatchObject({ os: "linux", rootfs: { diff_ids: [manifest.layers[0].digest] } });

    const before = running.requests.length;
    expect(await pushImage(client, reference, image, access())).toEqual(descriptor);
    expect(running.requests.slice(before).map(({ method }) => method)).toEqual(["HEAD", "HEAD", "PUT"]);
  });

  test("a pushed tag is seen at once", async () => {
    const running = await fixture.registry();
    const client = fixture.client();
    const reference = parseReference(`${running.host}/team/app:v1`);
    await expect(client.resolve(reference, access())).rejects.toMatchObject({ code: "NOT_FOUND" });
    const pushed = await pushImage(client, reference, { platform: linux, layers: [] }, access());
    expect(await client.resolve(reference, access())).toEqual(pushed);
  });

  test("a blob is mounted from another repository where it is there", async () => {
    const running = await fixture.registry();
    const client = fixture.client();
    const bytes = Buffer.from("layer");
    await client.pushBlob(parseReference(`${running.host}/from/app`), bytes, access());
    const before = running.requests.length;
    const to = parseReference(`${running.host}/to/app`);
    const digest = await client.pushBlob(to, bytes, { ...access(), mountFrom: "from/app" });
    expect(running.requests.slice(before).map(({ method }) => method)).toEqual(["HEAD", "POST"]);
    expect(Buffer.from(await client.blob(to, digest, access()))).toEqual(bytes);
    await client.pushBlob(to, Buffer.from("other"), { ...access(), mountFrom: "from/app" });
  });

  test("content is never pushed under a digest it does not have", async () => {
    const running = await fixture.registry();
    const reference = parseReference(`${running.host}/team/app@sha256:${"0".repeat(64)}`);
    const pushed = fixture.client().pushManifest(reference, "application/x", Buffer.from("{}"), access());
    await expect(pushed).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(running.requests).toHaveLength(0);
  });

  test("a blob that is not in memory is opened anew where the registry wants another token", async () => {
    const running = await fixture.registry({ auth: { scheme: "bearer", users: { ann: "a" } } });
    const bytes = Buffer.alloc(200_000, "layer");
    let opened = 0;
    const source = {
      digest: computeDigest(bytes),
      size: bytes.length,
      open: async function* () {
        opened += 1;
        yield bytes.subarray(0, 100_000);
        yield bytes.subarray(100_000);
      },
    };
    const credentials = { kind: "basic", username: "ann", password: "a" } as const;
    const challenge = { "www-authenticate": `Bearer realm="http://${running.host}/token",service="test"` };
    running.faults.add({
      method: "PUT",
      path: /uploads/,
      times: 1,
      fault: { kind: "status", status: 401, headers: challenge },
    });
    const client = fixture.client();
    const reference = parseReference(`${running.host}/team/app`);
    await client.pushBlob(reference, source, { ...access(), credentials });
    const got = await client.blob(reference, source.digest, { ...access(), credentials });
    expect(Buffer.from(got).equals(bytes)).toBe(true);
    expect(opened).toBe(2);
  });

  test("an upload that continues on another host is shown no credentials", async () => {
    const auth = { scheme: "basic", users: { ann: "a" } } as const;
    const [running, other] = [await fixture.registry({ auth }), await fixture.registry()];
    const location = `http://${other.host}/v2/team/app/blobs/uploads/x`;
    running.faults.add({
      method: "POST",
      path: /uploads/,
      fault: { kind: "status", status: 202, headers: { location } },
    });
    const credentials = { kind: "basic", username: "ann", password: "a" } as const;
    const reference = parseReference(`${running.host}/team/app`);
    const pushed = fixture.client().pushBlob(reference, Buffer.from("x"), { ...access(), credentials });
    await expect(pushed).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
