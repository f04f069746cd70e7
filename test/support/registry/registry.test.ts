import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { putManifest } from "./content.ts";
import { type RunningRegistry, type StartRegistryOptions, startRegistry } from "./start.ts";
import { digestOf } from "./store.ts";

const open: RunningRegistry[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options?: StartRegistryOptions): Promise<RunningRegistry> {
  const running = await startRegistry(options);
  open.push(running);
  return running;
}

async function ask(running: RunningRegistry, path: string, init?: RequestInit): Promise<Response> {
  return await fetch(new URL(path, `http://${running.host}`), init);
}

const blob = Buffer.from("some content");

describe("the registry for tests and the demo", () => {
  test.each([
    [
      "one POST",
      async (running: RunningRegistry): Promise<Response> =>
        await ask(running, `/v2/a/b/blobs/uploads/?digest=${digestOf(blob)}`, { method: "POST", body: blob }),
    ],
    [
      "POST and PUT",
      async (running: RunningRegistry): Promise<Response> => {
        const started = await ask(running, "/v2/a/b/blobs/uploads/", { method: "POST" });
        const to = `${started.headers.get("location")}?digest=${digestOf(blob)}`;
        return await ask(running, to, { method: "PUT", body: blob });
      },
    ],
    [
      "POST, two PATCHes and PUT",
      async (running: RunningRegistry): Promise<Response> => {
        const started = await ask(running, "/v2/a/b/blobs/uploads/", { method: "POST" });
        const to = started.headers.get("location") ?? "";
        await ask(running, to, { method: "PATCH", body: blob.subarray(0, 5) });
        await ask(running, to, { method: "PATCH", body: blob.subarray(5) });
        return await ask(running, `${to}?digest=${digestOf(blob)}`, { method: "PUT" });
      },
    ],
  ])("takes a blob by %s", async (_name, push) => {
    const running = await start();
    expect((await push(running)).status).toBe(201);
    const got = await ask(running, `/v2/a/b/blobs/${digestOf(blob)}`);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(blob);
    expect((await ask(running, `/v2/other/blobs/${digestOf(blob)}`)).status).toBe(404);
  });

  test.each([
    ["GET", "/v2/", undefined, 200],
    ["GET", "/v2/a/manifests/absent", undefined, 404],
    ["GET", "/v2/a/blobs/sha256:00", undefined, 404],
    ["GET", "/v2/a/referrers/sha256:00", undefined, 404],
    ["GET", "/v2/absent/tags/list", undefined, 404],
    ["DELETE", "/v2/a/manifests/x", undefined, 405],
    ["PUT", "/v2/a/blobs/uploads/unknown?digest=x", "x", 404],
    ["POST", "/v2/a/blobs/uploads/?digest=sha256:00", "x", 400],
    ["PUT", `/v2/a/manifests/sha256:${"0".repeat(64)}`, "{}", 400],
    ["PUT", "/v2/a/manifests/large", "x".repeat(4 * 1024 * 1024 + 1), 413],
    ["GET", "/v2/UPPER/manifests/x", undefined, 404],
    ["GET", "/elsewhere", undefined, 404],
  ])("%s %s", async (method, path, body, status) => {
    const answer = await ask(await start(), path, { method, ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(status);
  });

  test.each([
    ["bytes=0-3", 206, "bytes 0-3/12", "some"],
    ["bytes=5-", 206, "bytes 5-11/12", "content"],
    ["bytes=-3", 206, "bytes 9-11/12", "ent"],
    ["bytes=10-99", 206, "bytes 10-11/12", "nt"],
    ["bytes=12-", 416, "bytes */12", ""],
    ["bytes=0-1,3-4", 200, null, "some content"],
    ["lines=1-2", 200, null, "some content"],
  ])("answers a blob with Range: %s", async (range, status, contentRange, text) => {
    const running = await start();
    await running.store.putBlob("a/b", blob);
    const got = await ask(running, `/v2/a/b/blobs/${digestOf(blob)}`, { headers: { range } });
    expect([got.status, got.headers.get("content-range"), await got.text()]).toEqual([status, contentRange, text]);
  });

  test("lists tags, page by page", async () => {
    const running = await start();
    for (const tag of ["c", "a", "b"]) await putManifest(running.store, "team/app", tag, tag);
    const first = await ask(running, "/v2/team/app/tags/list?n=2");
    expect(await first.json()).toEqual({ name: "team/app", tags: ["a", "b"] });
    const next = /<(.*)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    expect(await (await ask(running, next)).json()).toEqual({ name: "team/app", tags: ["c"] });
  });

  test("in a folder it is all there again after a restart", async () => {
    const directory = await mkdtemp(join(tmpdir(), "metahub-registry-"));
    try {
      const before = await start({ directory });
      const pushed = await putManifest(before.store, "team/app", "v1", "x");
      await before.close();
      const after = await start({ directory });
      const got = await ask(after, "/v2/team/app/manifests/v1");
      expect(got.headers.get("docker-content-digest")).toBe(pushed.digest);
      expect(digestOf(Buffer.from(await got.arrayBuffer()))).toBe(pushed.digest);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("a blob beyond the limit is refused", async () => {
    const running = await start({ maxBlobBytes: 5 });
    const pushed = await ask(running, `/v2/a/blobs/uploads/?digest=${digestOf(blob)}`, { method: "POST", body: blob });
    expect(pushed.status).toBe(413);
  });
});
