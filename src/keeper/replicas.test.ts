import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { HealthServer } from "../http/health.ts";
import { PathSegments } from "../http/path-segment.ts";
import { createRegistry } from "../telemetry/metrics.ts";
import { replicasOf, ServiceReplicas } from "./replicas.ts";

const [known, unknown] = ["5f".repeat(32), "a0".repeat(32)];
const service = { namespace: "metahub-system", name: "metahub-webhook" };
const servers: HealthServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** The health port of a replica that answers paths with the segments; of one of an earlier version where there are none. */
async function replica(...segments: readonly string[]): Promise<number> {
  const server = new HealthServer({ metrics: createRegistry(), log: pino({ level: "silent" }) });
  servers.push(server);
  const paths = new PathSegments(segments);
  if (segments.length > 0) server.setKnows((hash) => paths.knows(hash));
  return await server.listen(0, "127.0.0.1");
}
const slice = (port: number, conditions: object = { ready: true, serving: true }, address = "127.0.0.1") => ({
  metadata: { name: "s" },
  ports: [
    { name: "https", port: 1 },
    { name: "metrics", port },
  ],
  endpoints: [{ addresses: [address], conditions }],
});
function replicas(...slices: readonly object[]): ServiceReplicas {
  const list = async function* () {
    yield* slices;
  };
  // The client's type knows overloads that a generator cannot say.
  return new ServiceReplicas({ list } as never, service);
}
const ask = (asked: ServiceReplicas, segment: string) => asked.unaware(segment, AbortSignal.timeout(20_000));

test("every replica is asked, and those that do not know the segment are told", async () => {
  const both = replicas(slice(await replica(known)), slice(await replica(known, unknown)));
  expect(await ask(both, known)).toEqual([]);
  expect(await ask(both, unknown)).toEqual(["127.0.0.1: it answers 404"]);
});

test("a replica of a version that knows no segments is unaware", async () => {
  expect(await ask(replicas(slice(await replica())), known)).toEqual(["127.0.0.1: it answers 404"]);
});

test("many replicas are all asked", async () => {
  const slices = await Promise.all(Array.from({ length: 20 }, async () => slice(await replica(known))));
  expect(await ask(replicas(...slices, slice(await replica(unknown))), known)).toHaveLength(1);
});

test("nobody is there: nobody is unaware", async () => {
  expect(await ask(replicas(), known)).toEqual([]);
});

test("who does not listen is unaware", async () => {
  const port = await replica(known);
  await servers.pop()?.close();
  expect(await ask(replicas(slice(port)), known)).toEqual(["127.0.0.1: ECONNREFUSED"]);
});

test.each<[string, unknown, number]>([
  ["ready", slice(1), 1],
  ["ending, with connections that stay", slice(1, { ready: false, serving: true, terminating: true }), 1],
  ["not ready", slice(1, { ready: false, serving: false }), 0],
  ["without a word of it", slice(1, {}), 1],
  ["of another port", { ...slice(1), ports: [{ name: "https", port: 1 }] }, 0],
  ["of no form", { ports: [], endpoints: "x" }, 0],
  ["of nothing", null, 0],
])("an endpoint that is %s", (_name, given, count) => {
  expect(replicasOf(given)).toHaveLength(count);
});
