import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeApiServer, status } from "../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { parseReference } from "../oci/reference.ts";
import { ClusterLists } from "./follow.ts";
import type { ListBounds } from "./room.ts";

const path = "/apis/metahub.dev/v1alpha1";
let server: FakeApiServer;
let client: KubernetesClient;
let ended: AbortController;
let running: Promise<void> | undefined;
beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
  ended = new AbortController();
  running = undefined;
});
afterEach(async () => {
  ended.abort();
  await running;
  await client.close();
  await server.stop();
});

const object = (kind: string, name: string, image: string, namespace?: string) => ({
  apiVersion: "metahub.dev/v1alpha1",
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec: { image, manifests: [{ image: `${image}:a` }] },
});
const put = (name: string, image: string, namespace: string) =>
  server.store.put(`${path}/manifestlists`, object("ManifestList", name, image, namespace));
const find = (lists: ClusterLists, image: string, namespace = "a") =>
  lists.book().find(parseReference(image), namespace)?.name;

async function follow(bounds?: ListBounds): Promise<ClusterLists> {
  const lists = new ClusterLists({ client, observe: () => undefined, ...(bounds === undefined ? {} : { bounds }) });
  running = lists.run(ended.signal);
  await lists.synced;
  return lists;
}

describe("the lists of a cluster", () => {
  test("are known once, and followed", async () => {
    put("one", "qnib/one", "a");
    server.store.put(`${path}/clustermanifestlists`, object("ClusterManifestList", "all", "qnib/all"));
    const lists = await follow();
    expect([find(lists, "qnib/one"), find(lists, "qnib/one", "b"), find(lists, "qnib/all")]).toEqual([
      "one",
      undefined,
      "all",
    ]);
    const heard: string[] = [];
    lists.onChange((changed) => heard.push(...changed.map(({ list }) => list.name)));
    put("two", "qnib/two", "a");
    await expect.poll(() => find(lists, "qnib/two")).toBe("two");
    expect(heard).toEqual(["two"]);
  });

  test.each([
    [404, "NotFound"],
    [403, "Forbidden"],
  ])(
    "are none where the API server answers %d, and are known once it shows them",
    async (code, reason) => {
      put("one", "qnib/one", "a");
      let isShown = false;
      server.always(
        (request, response) => !isShown && request.path.startsWith(path) && status(response, code, reason, "no"),
      );
      const lists = await follow();
      expect(lists.book().lists).toEqual([]);
      isShown = true;
      await expect.poll(() => find(lists, "qnib/one"), { timeout: 15_000 }).toBe("one");
    },
    20_000,
  );

  test("lists beyond the bytes of their namespace, or of all, do not count", async () => {
    const lists = await follow({ all: 2_800, namespace: 1_400 });
    for (const namespace of ["a", "b", "c"]) {
      for (const name of ["x", "y", "z"]) put(`${name}-${namespace}`, `qnib/${name}`, namespace);
    }
    put("last", "qnib/last", "d");
    const kept = () => lists.book().lists.map(({ name }) => name);
    // Everything up to the last object was seen by then: the events of one watch come in their order.
    await expect.poll(() => lists.book().lists.length).toBe(4);
    expect(kept()).toEqual(["x-a", "y-a", "x-b", "y-b"]);
    const dropped = () => lists.dropped().map(({ shown }) => shown);
    await expect.poll(dropped).toHaveLength(6);
    server.store.delete(`${path}/manifestlists`, "z-a");
    await expect.poll(dropped).not.toContain("ManifestList a/z-a");
    server.store.delete(`${path}/manifestlists`, "x-a");
    await expect.poll(() => kept().includes("x-a")).toBe(false);
    put("next", "qnib/next", "a");
    await expect.poll(() => find(lists, "qnib/next")).toBe("next");
  });
});
