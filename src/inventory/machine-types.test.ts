import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer } from "../../test/support/api-server/fake.ts";
import { machineType, nodeObject } from "../../test/support/inventory.ts";
import { computeStatus } from "../api/status.ts";
import { formatFeature } from "../hardware/feature.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import { ClusterInventory } from "./cluster.ts";
import { MachineTypeInventory } from "./machine-types.ts";
import type { Snapshot } from "./snapshot.ts";

const nodesPath = "/api/v1/nodes";
const typesPath = "/apis/metahub.dev/v1alpha1/machinetypes";

let server: FakeApiServer;
let client: KubernetesClient;
let inventory: MachineTypeInventory;
beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  await inventory?.close();
  await client.close();
  await server.stop();
});
function until(fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  return new Promise((resolve) => {
    const off = inventory.onChange((snapshot) => {
      if (!fits(snapshot)) return;
      off();
      resolve(snapshot);
    });
  });
}
const featuresOf = (snapshot: Snapshot | undefined): readonly string[] => {
  const template = snapshot?.machineTypes.get("type1")?.template;
  return [...(template?.features ?? []), ...(template?.accelerators ?? [])].map(formatFeature).sort();
};

test("a type offers what the controller saw its nodes have in common, and no node is asked for", async () => {
  const labels = { pool: "a", "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" };
  server.store.put(nodesPath, nodeObject("n1", { ...labels, "feature.node.kubernetes.io/cpu-cpuid.AVX2": "true" }));
  server.store.put(typesPath, { ...machineType("type1", { pool: "a" }) });
  const whole = new ClusterInventory({ client, observe: () => undefined });
  await whole.synced;
  const seen = whole.snapshot()?.machineTypes.get("type1");
  await whole.close();
  if (seen === undefined) expect.unreachable("it is there");
  const nodes = seen.nodes.map(({ facts, profile }) => ({ name: facts.name, profile }));
  const status = computeStatus({ machineType: seen.resource, nodes, overlaps: [], now: new Date(0) });
  server.store.put(typesPath, { ...machineType("type1", { pool: "a" }), status });
  const before = server.requests.length;
  inventory = new MachineTypeInventory({ client, observe: () => undefined });
  await inventory.synced;
  expect(status.features?.length).toBeGreaterThan(0);
  expect(featuresOf(inventory.snapshot())).toEqual(status.features);
  expect(server.requests.slice(before).every(({ path }) => path.startsWith(typesPath))).toBe(true);
  const other = until((snapshot) => featuresOf(snapshot).includes("cpu:zen4"));
  server.store.put(typesPath, {
    ...machineType("type1", { pool: "a" }),
    status: { ...status, features: ["cpu:zen4"] },
  });
  await other;
});
