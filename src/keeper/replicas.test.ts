import { pino } from "pino";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createAuthority, issue, type KeyPair } from "../certificates/issue.ts";
import { PathSegments } from "../http/path-segment.ts";
import { HttpServer } from "../http/server.ts";
import { replicasOf, ServiceReplicas } from "./replicas.ts";

const [known, unknown] = ["5f".repeat(32), "a0".repeat(32)];
const limits = { connections: 16, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 1_000, silenceMs: 10_000 };
const service = { namespace: "metahub-system", name: "metahub-webhook" };
const life = { now: new Date(), lifetimeMs: 3_600_000 };
let authority: KeyPair;
let pair: KeyPair;
beforeAll(async () => {
  authority = await createAuthority({ name: "one", ...life });
  pair = await issue({ authority, hosts: ["metahub-webhook.metahub-system.svc"], ...life });
});
const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0);
});

/** A replica that answers paths with the segments, and remembers what it was asked. */
async function replica(...segments: readonly string[]): Promise<number> {
  const listener = new PathSegments(segments).guard((_request, response) => void response.writeHead(204).end());
  const tls = { certificate: { cert: pair.certificate, key: pair.key } };
  const server = new HttpServer({ listener, tls, limits, log: pino({ level: "silent" }) });
  servers.push(server);
  return await server.listen(0, "127.0.0.1");
}
const slice = (port: number, conditions: object = { ready: true, serving: true }, address = "127.0.0.1") => ({
  metadata: { name: "s" },
  ports: [
    { name: "metrics", port: 1 },
    { name: "https", port },
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
const ask = (asked: ServiceReplicas, segment: string, ca = authority.certificate) =>
  asked.unaware(segment, ca, AbortSignal.timeout(20_000));

test("every replica is asked by TLS for the Service's name, and those that do not know the segment are told", async () => {
  const both = replicas(slice(await replica(known)), slice(await replica(known, unknown)));
  expect(await ask(both, known)).toEqual([]);
  expect(await ask(both, unknown)).toEqual(["127.0.0.1: it answers 404"]);
});

test("nobody is there: nobody is unaware", async () => {
  expect(await ask(replicas(), known)).toEqual([]);
});

test("who cannot prove itself is not told the segment", async () => {
  const other = await createAuthority({ name: "other", ...life });
  const [fault = ""] = await ask(replicas(slice(await replica(known))), known, other.certificate);
  expect(fault).toMatch(/^127\.0\.0\.1: (UNABLE_TO|SELF_SIGNED|CERT_)/);
});

test("who does not listen is unaware", async () => {
  const port = await replica(known);
  await servers.pop()?.close(0);
  expect(await ask(replicas(slice(port)), known)).toEqual(["127.0.0.1: ECONNREFUSED"]);
});

test.each<[string, unknown, number]>([
  ["ready", slice(1), 1],
  ["ending, with connections that stay", slice(1, { ready: false, serving: true, terminating: true }), 1],
  ["not ready", slice(1, { ready: false, serving: false }), 0],
  ["without a word of it", slice(1, {}), 1],
  ["of another port", { ...slice(1), ports: [{ name: "http", port: 1 }] }, 0],
  ["of no form", { ports: [], endpoints: "x" }, 0],
  ["of nothing", null, 0],
])("an endpoint that is %s", (_name, given, count) => {
  expect(replicasOf(given)).toHaveLength(count);
});
