import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeApiServer } from "../../test/support/api-server/fake.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { KubernetesClient } from "../kubernetes/client/client.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { ClusterDevices } from "./devices.ts";

const group = "/apis/resource.k8s.io/v1";
const slices = `${group}/resourceslices`;
const driver = "gpu.nvidia.com";
const signal = AbortSignal.timeout(30_000);

let server: FakeApiServer;
let client: KubernetesClient;
let made: ClusterDevices | undefined;
let serves: number;
let watching = 0;
const clock = new ManualClock();
const events: ReflectorEvent[] = [];
const full: number[] = [];
beforeEach(async () => {
  serves = 200;
  server = await FakeApiServer.start();
  server.always((request, response) => {
    if (request.path !== group) return false;
    response.writeHead(serves, { "content-type": "application/json" });
    response.end(JSON.stringify({ kind: serves === 200 ? "APIResourceList" : "Status" }));
    return true;
  });
  client = new KubernetesClient({ access: server.access(), userAgent: "test" });
});
afterEach(async () => {
  await made?.close();
  made = undefined;
  expect(watching).toBe(0);
  await client.close();
  await server.stop();
  events.length = 0;
  full.length = 0;
});

function start(more: { maxDevices?: number; clock?: ManualClock } = {}): ClusterDevices {
  made = new ClusterDevices({
    client: {
      each: (...given) => client.each(...given),
      raw: (...given) => client.raw(...given),
      async *watch(...given) {
        watching++;
        try {
          yield* client.watch(...given);
        } finally {
          watching--;
        }
      },
    },
    observe: (event) => {
      events.push(event);
    },
    onFull: (limit) => full.push(limit),
    ...more,
  });
  made.start();
  return made;
}

function publish(name: string, devices: Readonly<Record<string, string>>, generation = 1, pool = "n"): void {
  const list = Object.entries(devices).map(([device, version]) => {
    return { name: device, attributes: { cudaComputeCapability: { version }, model: { string: `of ${version}` } } };
  });
  const spec = { driver, pool: { name: pool, generation, resourceSliceCount: 1 }, devices: list };
  server.store.put(slices, { metadata: { name }, spec });
}

async function of(devices: ClusterDevices, device: string, pool = "n"): Promise<unknown> {
  const found = await devices.find({ driver, pool, device }, signal);
  return found && Object.fromEntries(found);
}

test("finds a device by driver, pool and name, and follows", async () => {
  publish("a", { "gpu-0": "9.0.0" });
  const devices = start();
  expect(await devices.served(signal)).toBe(true);
  expect(await of(devices, "gpu-0")).toEqual({ cudaComputeCapability: ["9.0.0"] });
  expect(await of(devices, "gpu-1")).toBeUndefined();
  expect(await of(devices, "gpu-0", "m")).toBeUndefined();
  await server.watch(0);
  publish("b", { "gpu-0": "8.0.0" }, 1, "m");
  await expect.poll(() => of(devices, "gpu-0", "m")).toEqual({ cudaComputeCapability: ["8.0.0"] });
  server.store.delete(slices, "a");
  await expect.poll(() => of(devices, "gpu-0")).toBeUndefined();
});

test("of two generations of a pool the newer one counts, in any order", async () => {
  publish("a", { "gpu-0": "9.0.0", "gpu-1": "9.0.0" }, 2);
  publish("b", { "gpu-0": "7.0.0" }, 1);
  publish("c", { "gpu-1": "7.0.0" }, 10);
  const devices = start();
  expect(await of(devices, "gpu-0")).toEqual({ cudaComputeCapability: ["9.0.0"] });
  expect(await of(devices, "gpu-1")).toEqual({ cudaComputeCapability: ["7.0.0"] });
});

test("a cluster without resource.k8s.io/v1 is asked once and never watched", async () => {
  serves = 404;
  const devices = start();
  expect(await devices.served(signal)).toBe(false);
  await devices.close();
  expect(server.requests.map(({ path }) => path)).toEqual([group]);
});

test("an API server that is away is asked again", async () => {
  serves = 503;
  const devices = start({ clock });
  await clock.timer((ms) => ms === 2_000);
  serves = 200;
  publish("a", { "gpu-0": "9.0.0" });
  await clock.advance(2_000);
  expect(await devices.served(signal)).toBe(true);
});

test("without the right to list, a binding waits a moment only", async () => {
  server.always((request, response) => {
    if (request.path !== slices) return false;
    response.writeHead(403);
    response.end(JSON.stringify({ kind: "Status", reason: "Forbidden" }));
    return true;
  });
  const devices = start({ clock });
  await devices.served(signal);
  const found = of(devices, "gpu-0");
  await clock.timer((ms) => ms === 1_000);
  await clock.advance(1_000);
  expect(await found).toBeUndefined();
});

test("waiting ends with the signal", async () => {
  serves = 503;
  const devices = start({ clock });
  const end = new AbortController();
  const waiting = devices.served(end.signal);
  end.abort();
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
});

test("another attribute that is asked about: all are read again, and answers go on meanwhile", async () => {
  publish("a", { "gpu-0": "9.0.0" });
  const devices = start();
  expect(await of(devices, "gpu-0")).toEqual({ cudaComputeCapability: ["9.0.0"] });
  const mapping = { driver, attribute: "model", namespace: "model" };
  devices.ask([mapping]);
  expect(await of(devices, "gpu-0")).toEqual({ cudaComputeCapability: ["9.0.0"] });
  const both = { cudaComputeCapability: ["9.0.0"], model: ["of 9.0.0"] };
  await expect.poll(() => of(devices, "gpu-0")).toEqual(both);
  const lists = () => server.requests.filter(({ path, query }) => path === slices && !query.has("watch")).length;
  expect(lists()).toBe(2);
  devices.ask([mapping, mapping]);
  expect(lists()).toBe(2);
  await expect.poll(() => watching).toBe(1);
});

test("devices beyond the bound are not kept, and somebody hears of it once", async () => {
  publish("a", { "gpu-0": "9.0.0", "gpu-1": "9.0.0" });
  publish("b", { "gpu-0": "9.0.0" }, 1, "m");
  publish("c", { "gpu-0": "9.0.0" }, 1, "o");
  const devices = start({ maxDevices: 3 });
  expect(await of(devices, "gpu-0", "m")).toBeDefined();
  expect(await of(devices, "gpu-0", "o")).toBeUndefined();
  await server.watch(0);
  // A slice that only changes still fits.
  publish("a", { "gpu-0": "8.0.0", "gpu-1": "8.0.0" });
  await expect.poll(() => of(devices, "gpu-1")).toEqual({ cudaComputeCapability: ["8.0.0"] });
  publish("a", { "gpu-0": "7.0.0" });
  await expect.poll(() => of(devices, "gpu-0")).toEqual({ cudaComputeCapability: ["7.0.0"] });
  expect(full).toEqual([3]);
});

test("equal devices share what is kept of them", async () => {
  publish("a", { "gpu-0": "9.0.0", "gpu-1": "9.0.0" });
  const devices = start();
  const [one, other] = await Promise.all(
    ["gpu-0", "gpu-1"].map((device) => devices.find({ driver, pool: "n", device }, signal)),
  );
  expect(one).toBe(other);
});
