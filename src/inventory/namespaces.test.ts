import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer, status } from "../../test/support/api-server/fake.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { Namespaces } from "./namespaces.ts";

const path = "/api/v1/namespaces";
const signal = AbortSignal.timeout(10_000);

let server: FakeApiServer;
let client: KubernetesClient;
let ended: AbortController;
let running: Promise<void> | undefined;
beforeEach(async () => {
  ended = new AbortController();
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  ended.abort();
  await running;
  await client.close();
  await server.stop();
});

const put = (name: string, rewrite?: string) =>
  server.store.put(path, { metadata: { name, ...(rewrite ? { labels: { "metahub.dev/rewrite": rewrite } } : {}) } });
const reads = () => server.requests.filter((request) => request.path.startsWith(`${path}/`)).length;
async function follow(maxNamespaces?: number): Promise<Namespaces> {
  const namespaces = new Namespaces({ client, ...(maxNamespaces === undefined ? {} : { maxNamespaces }) });
  running = namespaces.run(ended.signal);
  await namespaces.synced;
  return namespaces;
}

test("labels are known by the watch, and nothing is read for them", async () => {
  put("out", "disabled");
  put("in", "enabled");
  put("plain");
  put("odd", "perhaps");
  const namespaces = await follow();
  const words = ["out", "in", "plain", "odd"].map((name) => namespaces.wordOf(name, signal));
  expect(await Promise.all(words)).toEqual(["disabled", "enabled", "unsaid", "unsaid"]);
  put("plain", "disabled");
  await expect.poll(() => namespaces.wordOf("plain", signal)).toBe("disabled");
  expect(reads()).toBe(0);
});

test("one that the watch does not know is read, and one that is not there is none", async () => {
  put("first");
  put("second", "disabled");
  const namespaces = await follow(1);
  expect(await namespaces.wordOf("second", signal)).toBe("disabled");
  expect(await namespaces.wordOf("gone", signal)).toBeUndefined();
  expect(reads()).toBe(2);
});

test("one that may not be read is an error", async () => {
  const namespaces = await follow();
  server.always(({ path: asked }, response) => asked === `${path}/x` && status(response, 403, "Forbidden", "no"));
  await expect(namespaces.wordOf("x", signal)).rejects.toMatchObject({ code: "FORBIDDEN" });
});
