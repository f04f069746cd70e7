import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, status } from "../../../test/support/api-server/fake.ts";
import { isRecord } from "../../json/object.ts";
import type { KubernetesObject } from "../object.ts";
import { resource } from "../resource.ts";
import { KubernetesClient } from "./client.ts";

const nodeResource = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
const podResource = resource({ group: "", version: "v1", plural: "pods", namespaced: true });
const { signal } = new AbortController();

let server: FakeApiServer;
let client: KubernetesClient;
beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access({ token: "t" }), userAgent: "test/1" });
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

const last = () => server.requests.at(-1);

describe("objects", () => {
  test("create, get, update, delete; each with its path, body and headers", async () => {
    const pods = { resource: podResource, namespace: "ns" };
    const made = await client.create(pods, { metadata: { name: "a" } }, { signal, fieldManager: "me", dryRun: true });
    expect(last()).toMatchObject({
      method: "POST",
      path: "/api/v1/namespaces/ns/pods",
      body: '{"metadata":{"name":"a"}}',
    });
    expect(last()?.query.toString()).toBe("fieldManager=me&dryRun=All");
    expect(last()?.headers).toMatchObject({
      authorization: "Bearer t",
      "user-agent": "test/1",
      "content-type": "application/json",
      accept: "application/json",
    });
    const read = await client.get({ ...pods, name: "a" }, { signal });
    expect(read).toEqual(made);
    const changed = await client.update({ ...pods, name: "a" }, { ...read, spec: 1 }, { signal });
    expect(changed["spec"]).toBe(1);
    await expect(client.update({ ...pods, name: "a" }, read, { signal })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(client.create(pods, read, { signal })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await client.delete({ ...pods, name: "a" }, { signal, preconditions: { uid: "u" } });
    expect(last()?.body).toContain('"preconditions":{"uid":"u"}');
    await expect(client.get({ ...pods, name: "a" }, { signal })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "GET /api/v1/namespaces/ns/pods/a: a not found (status 404)",
    });
  });

  test.each([
    [
      "json",
      { type: "json", operations: [{ op: "test", path: "/a", value: 1 }] },
      "application/json-patch+json",
      '[{"op":"test","path":"/a","value":1}]',
    ],
    ["merge", { type: "merge", body: { a: null } }, "application/merge-patch+json", '{"a":null}'],
    ["strategic", { type: "strategic", body: { a: 1 } }, "application/strategic-merge-patch+json", '{"a":1}'],
  ] as const)("%s patch", async (_, patch, type, body) => {
    server.store.put("/api/v1/nodes", { metadata: { name: "n" } });
    server.once((seen, response) => seen.method === "PATCH" && status(response, 422, "Invalid", "no"));
    const patched = client.patch({ resource: nodeResource, name: "n" }, patch, { signal });
    await expect(patched).rejects.toMatchObject({ code: "INVALID" });
    expect(last()).toMatchObject({ body, headers: { "content-type": type } });
  });

  test("a patch whose answer nobody reads asks for metadata alone; what goes wrong is told all the same", async () => {
    const target = { resource: nodeResource, name: "n" };
    const patch = { type: "merge", body: { a: 1 } } as const;
    const answer = (text: string) => server.once((_, response) => response.writeHead(200).end(text) !== undefined);
    answer("no JSON");
    await client.sendPatch(target, patch, { signal, fieldManager: "me" });
    expect(last()).toMatchObject({ method: "PATCH", path: "/api/v1/nodes/n", body: '{"a":1}' });
    expect(last()?.headers.accept).toMatch(/;as=PartialObjectMetadata;.*,application\/json$/);
    server.once((seen, response) => seen.method === "PATCH" && status(response, 422, "Invalid", "no"));
    await expect(client.sendPatch(target, patch, { signal })).rejects.toMatchObject({ code: "INVALID" });
    answer("much more than that");
    await expect(client.sendPatch(target, patch, { signal, maxBytes: 4 })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("server-side apply, and who owns what it may not change", async () => {
    const body = { apiVersion: "v1", kind: "Node", metadata: { name: "n" } };
    const target = { resource: nodeResource, name: "n", subresource: "status" };
    await client.apply(target, body, { signal, fieldManager: "me", force: true });
    expect(last()).toMatchObject({ method: "PATCH", path: "/api/v1/nodes/n/status" });
    expect(last()?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(last()?.query.toString()).toBe("fieldManager=me&force=true");
    const causes = [{ reason: "FieldManagerConflict", message: 'conflict with "kubectl" using v1', field: ".spec" }];
    server.once((_, response) => status(response, 409, "Conflict", "Apply failed", { details: { causes } }));
    await expect(client.apply(target, body, { signal, fieldManager: "me" })).rejects.toMatchObject({
      code: "CONFLICT",
      conflicts: [{ manager: "kubectl", field: ".spec" }],
    });
    expect(last()?.query.get("force")).toBeNull();
  });

  test("parse makes the type; without it an object without a name is refused", async () => {
    server.store.put("/api/v1/nodes", { metadata: { name: "n" }, spec: { a: 5 } });
    const parse = (value: unknown): number =>
      isRecord(value) && isRecord(value["spec"]) ? Number(value["spec"]["a"]) : 0;
    expect(await client.get({ resource: nodeResource, name: "n" }, { signal, parse })).toBe(5);
    for (const answer of ['{"kind":"Status"}', "[]", "null", '{"metadata":{"name":5}}', "{"]) {
      server.once((_, response) => Boolean(response.end(answer)));
      await expect(client.get({ resource: nodeResource, name: "n" }, { signal })).rejects.toMatchObject({
        code: "MALFORMED",
      });
    }
  });

  test("raw paths", async () => {
    server.once((seen, response) => seen.path === "/readyz" && Boolean(response.end("ok")));
    expect(await client.raw("/readyz", { signal })).toBe("ok");
  });
});

describe("lists", () => {
  const names = async (objects: AsyncIterable<KubernetesObject>): Promise<string[]> => {
    const found: string[] = [];
    for await (const object of objects) found.push(object.metadata.name);
    return found;
  };

  test("come in pages of one moment, with the selectors on each", async () => {
    for (let n = 0; n < 25; n++) server.store.put("/api/v1/nodes", { metadata: { name: `n${n + 10}` } });
    const options = { signal, pageSize: 10, labelSelector: "a=b", fieldSelector: "metadata.name=x" };
    const versions: string[] = [];
    const sizes: number[] = [];
    for await (const page of client.pages({ resource: nodeResource }, options)) {
      versions.push(page.resourceVersion);
      sizes.push(page.items.length);
      server.store.put("/api/v1/nodes", { metadata: { name: "late" } });
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(new Set(versions).size).toBe(1);
    expect(server.requests.map(({ query }) => query.get("labelSelector"))).toEqual(["a=b", "a=b", "a=b"]);
    expect(server.requests.map(({ query }) => query.has("continue"))).toEqual([false, true, true]);
    expect(await names(client.list({ resource: nodeResource }, { signal, pageSize: 7 }))).toHaveLength(26);
  });

  test("a reader that stops early asks for no more pages", async () => {
    for (let n = 0; n < 25; n++) server.store.put("/api/v1/nodes", { metadata: { name: `n${n + 10}` } });
    for await (const object of client.list({ resource: nodeResource }, { signal, pageSize: 10 })) {
      expect(object.metadata.name).toBe("n10");
      break;
    }
    expect(server.requests).toHaveLength(1);
  });

  test("an expired continue token is GONE; what is no list is MALFORMED", async () => {
    for (let n = 0; n < 25; n++) server.store.put("/api/v1/nodes", { metadata: { name: `n${n + 10}` } });
    server.once((seen, response) => seen.query.has("continue") && status(response, 410, "Expired", "too old"));
    await expect(names(client.list({ resource: nodeResource }, { signal, pageSize: 10 }))).rejects.toMatchObject({
      code: "GONE",
    });
    server.once((_, response) => Boolean(response.end('{"items":[]}')));
    await expect(names(client.list({ resource: nodeResource }, { signal }))).rejects.toMatchObject({
      code: "MALFORMED",
    });
  });
});
