import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer, reply, type SeenRequest, status } from "../../../test/support/api-server/fake.ts";
import { facts, machineType } from "../../../test/support/inventory.ts";
import type { MachineType } from "../../api/machine-type.ts";
import type { NodeFacts } from "../../api/node.ts";
import { type Inventory, plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { EventRecorder } from "../../kubernetes/events/recorder.ts";
import { createRegistry } from "../../telemetry/metrics.ts";
import { type ControllerMetrics, createControllerMetrics } from "../metrics.ts";
import { Controller } from "./controller.ts";

const typePath = "/apis/metahub.dev/v1alpha1/machinetypes/type1/status";
const nodePath = "/api/v1/nodes/n1";
const type1 = machineType("type1", { pool: "a" }, { features: ["cpu:broadwell"] });

/** An inventory that says what a test tells it to. */
class TestInventory implements Inventory {
  readonly synced = Promise.resolve();
  readonly #builder = new SnapshotBuilder();
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #snapshot: Snapshot | undefined;

  set(nodes: readonly NodeFacts[], types: readonly MachineType[]): void {
    const snapshot = this.#builder.build(nodes, types, plainContext);
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }
  snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }
  onChange(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

let server: FakeApiServer;
let client: KubernetesClient;
let events: EventRecorder;
let metrics: ControllerMetrics;
let inventory: TestInventory;
let ended: AbortController;
let running: Promise<void>;
beforeEach(async () => {
  server = await FakeApiServer.start();
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
  events = new EventRecorder({ client, controller: "metahub.dev/controller", instance: "test" });
  metrics = createControllerMetrics(createRegistry());
  inventory = new TestInventory();
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  await running;
  await events.close(AbortSignal.timeout(2_000));
  await client.close();
  await server.stop();
});
/** Answers every write with success. */
const takeWrites = (): void =>
  server.always(({ method, path, body }, response) => {
    if (method !== "PATCH") return false;
    reply(response, 200, { ...JSON.parse(body), metadata: { name: path.split("/")[4] ?? "x" } });
    return true;
  });
function run(labelNodes = true): void {
  const log = pino({ level: "silent" });
  const controller = new Controller({ inventory, client, events, labelNodes, metrics, log, now: () => new Date(0) });
  running = controller.run(ended.signal);
}
const writes = (path: string): readonly SeenRequest[] =>
  server.requests.filter((request) => request.method === "PATCH" && request.path === path);
const written = (path: string, times = 1): Promise<void> => server.until(() => writes(path).length >= times);
async function counted(kind: string, outcome: string): Promise<number> {
  const { values } = await metrics.writes.get();
  return values.find(({ labels }) => labels.kind === kind && labels.outcome === outcome)?.value ?? 0;
}

test("writes the status of a machine type and the labels of its node, as owner of these fields alone", async () => {
  takeWrites();
  inventory.set([facts("n1", { pool: "a" })], [type1]);
  run();
  await Promise.all([written(typePath), written(nodePath)]);
  const [statusWrite, labelWrite] = [writes(typePath)[0], writes(nodePath)[0]];
  expect(JSON.parse(statusWrite?.body ?? "")).toMatchObject({
    kind: "MachineType",
    metadata: { name: "type1", uid: "uid-type1" },
    status: { observedGeneration: 1, nodes: 1, platform: "linux/amd64" },
  });
  expect(JSON.parse(statusWrite?.body ?? "").spec).toBeUndefined();
  expect(JSON.parse(labelWrite?.body ?? "")).toEqual({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "n1",
      uid: "uid-n1",
      labels: {
        "metahub.dev/machine-type": "type1",
        "metahub.dev/profile": inventory.snapshot()?.nodes.get("n1")?.profile.id,
      },
    },
  });
  for (const write of [statusWrite, labelWrite]) {
    expect(write?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(write?.query.get("fieldManager")).toBe("metahub-controller");
  }
});

test("writes only what changes", async () => {
  takeWrites();
  inventory.set([facts("n1", { pool: "a" })], [type1]);
  run();
  await Promise.all([written(typePath), written(nodePath)]);
  // As the API server would send both back.
  const status = JSON.parse(writes(typePath)[0]?.body ?? "").status;
  const labels = JSON.parse(writes(nodePath)[0]?.body ?? "").metadata.labels;
  const before = server.requests.length;
  inventory.set([facts("n1", { pool: "a", ...labels })], [{ ...type1, status }]);
  await expect.poll(() => counted("machinetype", "unchanged")).toBe(1);
  expect(server.requests.slice(before)).toEqual([]);
  // Another node: another status, and no write of the first node.
  inventory.set([facts("n1", { pool: "a", ...labels }), facts("n2", { pool: "a" })], [{ ...type1, status }]);
  await Promise.all([written(typePath, 2), written("/api/v1/nodes/n2")]);
  expect(writes(nodePath)).toHaveLength(1);
});

test("a label of ours that somebody wrote on a node of no machine type is taken away", async () => {
  takeWrites();
  inventory.set([facts("n1", { "metahub.dev/machine-type": "type1" })], []);
  run();
  await written(nodePath, 2);
  const [applied, removed] = writes(nodePath);
  expect(Object.keys(JSON.parse(applied?.body ?? "").metadata.labels)).toEqual(["metahub.dev/profile"]);
  expect(removed?.headers["content-type"]).toBe("application/merge-patch+json");
  expect(JSON.parse(removed?.body ?? "")).toEqual({
    metadata: { uid: "uid-n1", labels: { "metahub.dev/machine-type": null } },
  });
});

test("nodes stay as they are where they are not to be labelled", async () => {
  takeWrites();
  inventory.set([facts("n1", { pool: "a" })], [type1]);
  run(false);
  await written(typePath);
  inventory.set([facts("n1", { pool: "a" }), facts("n2", { pool: "a" })], [type1]);
  await written(typePath, 2);
  expect(server.requests.filter(({ path }) => path.startsWith("/api/v1/nodes"))).toEqual([]);
});

test.each([
  ["gone", 404, "NotFound"],
  ["made anew", 409, "Conflict"],
])("a node that is %s meanwhile is no failure", async (_name, code, reason) => {
  server.once(({ path }, response) => path === nodePath && status(response, code, reason, "no"));
  inventory.set([facts("n1")], []);
  run();
  await expect.poll(() => counted("node", "unchanged")).toBe(1);
  expect([writes(nodePath).length, await counted("node", "failed")]).toEqual([1, 0]);
});

test("a write that fails is tried again", async () => {
  server.once(({ path }, response) => path === nodePath && status(response, 500, "InternalError", "no"));
  takeWrites();
  inventory.set([facts("n1")], []);
  run();
  await written(nodePath, 2);
  await expect.poll(() => counted("node", "written")).toBe(1);
  expect(await counted("node", "failed")).toBe(1);
});

test("an Event tells when a kubelet contradicts the platform that is declared", async () => {
  takeWrites();
  const declared = machineType("type1", { pool: "a" }, { platform: { os: "linux", architecture: "amd64" } });
  inventory.set([{ ...facts("z1", { pool: "a" }), architecture: "s390x" }, facts("n1", { pool: "a" })], [declared]);
  run();
  const told = () => server.requests.filter(({ path }) => path.endsWith("/events")).map(({ body }) => JSON.parse(body));
  await server.until(() => told().some(({ reason }) => reason === "PlatformContradicted"));
  await written(typePath);
  const { conditions } = JSON.parse(writes(typePath)[0]?.body ?? "").status;
  expect(conditions).toContainEqual(
    expect.objectContaining({
      type: "PlatformMatches",
      status: "False",
      message: expect.stringContaining("the kubelet of z1 reports linux/s390x"),
    }),
  );
});

test("an Event tells when machine types begin to overlap, and says it once", async () => {
  takeWrites();
  const other = machineType("type2", { pool: "a" }, { priority: -1 });
  inventory.set([facts("n1", { pool: "a" })], [type1, other]);
  run();
  const told = (): readonly SeenRequest[] => server.requests.filter(({ path }) => path.endsWith("/events"));
  await server.until(() => told().length === 2);
  expect(
    told()
      .map(({ body }) => JSON.parse(body))
      .map(({ type, regarding }) => [type, regarding.name]),
  ).toEqual(
    expect.arrayContaining([
      ["Warning", "type1"],
      ["Warning", "type2"],
    ]),
  );
  const statusOf = (name: string) =>
    JSON.parse(writes(`/apis/metahub.dev/v1alpha1/machinetypes/${name}/status`)[0]?.body ?? "").status;
  const nodes = [facts("n1", { pool: "a" }), facts("n2", { pool: "a" })];
  inventory.set(nodes, [
    { ...type1, status: statusOf("type1") },
    { ...other, status: statusOf("type2") },
  ]);
  await written(typePath, 2);
  expect(told()).toHaveLength(2);
});

test("after the end nothing is written", async () => {
  takeWrites();
  run();
  ended.abort();
  await running;
  inventory.set([facts("n1", { pool: "a" })], [type1]);
  expect(server.requests).toEqual([]);
});
