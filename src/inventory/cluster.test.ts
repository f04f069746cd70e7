import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer, status } from "../../test/support/api-server/fake.ts";
import { machineType, nodeObject } from "../../test/support/inventory.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { ClusterInventory } from "./cluster.ts";
import type { Snapshot } from "./snapshot.ts";

const nodesPath = "/api/v1/nodes";
const typesPath = "/apis/metahub.dev/v1alpha1/machinetypes";
const devicesPath = "/apis/resource.k8s.io/v1/deviceclasses";

let server: FakeApiServer;
let client: KubernetesClient;
let inventory: ClusterInventory;
const observed: string[] = [];
beforeEach(async () => {
  observed.length = 0;
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  await inventory?.close();
  await client.close();
  await server.stop();
});
function open(): ClusterInventory {
  inventory = new ClusterInventory({ client, observe: (resource, { type }) => observed.push(`${resource} ${type}`) });
  return inventory;
}
/** The first snapshot, from the newest on, that fits. */
function until(fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  return new Promise((resolve) => {
    const newest = inventory.snapshot();
    if (newest !== undefined && fits(newest)) return resolve(newest);
    const off = inventory.onChange((snapshot) => {
      if (!fits(snapshot)) return;
      off();
      resolve(snapshot);
    });
  });
}

test("is synced with everything in it, and follows what changes", async () => {
  server.store.put(nodesPath, nodeObject("n1", { pool: "a" }));
  server.store.put(typesPath, { ...machineType("type1", { pool: "a" }) });
  await open().synced;
  expect(inventory.snapshot()?.nodes.get("n1")?.machineType).toBe("type1");
  server.store.put(nodesPath, nodeObject("n2", { pool: "a" }));
  await until(({ machineTypes }) => machineTypes.get("type1")?.nodes.length === 2);
  server.store.delete(nodesPath, "n1");
  await until(({ nodes }) => [...nodes.keys()].join() === "n2");
  server.store.delete(typesPath, "type1");
  await until(({ nodes }) => nodes.get("n2")?.machineType === undefined);
});

test("RuntimeClasses and DeviceClasses count for placement, also later", async () => {
  server.store.put(nodesPath, nodeObject("n1"));
  await open().synced;
  const gpu = {
    metadata: {},
    spec: { containers: [{ name: "c", resources: { requests: { "nvidia.com/gpu": "1" } } }] },
  };
  expect(inventory.snapshot()?.placement.place(gpu).nodes).toBe(0);
  server.store.put(devicesPath, { metadata: { name: "gpu" }, spec: { extendedResourceName: "nvidia.com/gpu" } });
  await until(({ placement }) => placement.place(gpu).nodes === 1);
});

test("a cluster without DeviceClasses is no problem", async () => {
  server.always(
    ({ path }, response) => path.startsWith("/apis/resource.k8s.io") && status(response, 404, "NotFound", "no"),
  );
  await open().synced;
  expect(server.requests.some(({ path }) => path === devicesPath)).toBe(false);
});

test("an API server that fails when it is asked for DeviceClasses is asked again", async () => {
  for (let times = 0; times < 2; times++) {
    server.once(
      ({ path }, response) => path === "/apis/resource.k8s.io/v1" && status(response, 500, "InternalError", "no"),
    );
  }
  await open().synced;
  expect(inventory.snapshot()).toBeDefined();
  expect(server.requests.some(({ path }) => path === devicesPath)).toBe(true);
  expect(observed.filter((one) => one === "deviceclasses failed")).toHaveLength(2);
});

test("one that cannot be read is left out and told, the others stay", async () => {
  server.store.put(typesPath, { ...machineType("type1", { pool: "a" }) });
  server.store.put(typesPath, { ...machineType("broken", {}), spec: { nodeSelector: 1 } });
  await open().synced;
  expect([...(inventory.snapshot()?.machineTypes.keys() ?? [])]).toEqual(["type1"]);
  expect(observed).toContain("machinetypes unreadable");
});

test("there is no snapshot before everything was read, and ending then is no failure that nobody hears of", async () => {
  server.always(({ path }, response) => path === typesPath && status(response, 403, "Forbidden", "no"));
  server.store.put(nodesPath, nodeObject("n1"));
  const opened = open();
  await server.until(() => server.requests.some(({ path }) => path === typesPath));
  expect(opened.snapshot()).toBeUndefined();
  await opened.close();
  await expect(opened.synced).rejects.toMatchObject({ code: "ABORTED" });
});
