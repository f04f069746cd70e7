import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import jsonpatch, { type Operation } from "fast-json-patch";
import { loadAll } from "js-yaml";
import { parsePod } from "../../../src/api/parse-pod.ts";
import { FakeApiServer, reply, status } from "../../support/api-server/fake.ts";
import type { Stored } from "../../support/api-server/store.ts";
import { atRate } from "./pace.ts";
import { crowd, mostWaiting, waiting } from "./rates.ts";

const inventory = join(import.meta.dirname, "../../../examples/inventory");
/** Of all namespaces: no two Pods of the siege have one name. */
const pods = "/api/v1/pods";
const namespaces = ["others", "tenant", ...Array.from({ length: crowd }, (_, row) => `crowd-${row}`)];

/** Stands in for an API server: the example's nodes and machine types, and Pods that take a JSON Patch. */
export class SiegeCluster {
  readonly server: FakeApiServer;

  private constructor(server: FakeApiServer) {
    this.server = server;
  }

  static async start(): Promise<SiegeCluster> {
    const server = await FakeApiServer.start();
    for (const [file, collection] of [
      ["nodes.yaml", "/api/v1/nodes"],
      ["machinetypes.yaml", "/apis/metahub.dev/v1alpha1/machinetypes"],
    ] as const) {
      const objects = loadAll(await readFile(join(inventory, file), "utf8")) as Stored[];
      for (const object of objects) server.store.put(collection, object);
    }
    for (const name of namespaces) {
      server.store.put("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    server.always((seen, response) => {
      // Nothing looks at them, and there are many.
      server.requests.length = 0;
      const [, name] = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/]+)$/.exec(seen.path) ?? [];
      if (name === undefined) return false;
      const pod = server.store.get(pods, name);
      if (pod === undefined) return status(response, 404, "NotFound", name.slice(0, 100));
      if (seen.method === "PATCH") patch(server, pod, seen.body, response);
      else reply(response, 200, pod);
      return true;
    });
    return new SiegeCluster(server);
  }

  /** Stores a Pod that waits for a node. @returns its uid */
  create(pod: Stored): string {
    return String(this.server.store.put(pods, pod).metadata["uid"]);
  }

  /** The tenant's Pods that wait for a node come and stay, until the signal ends. */
  fill(signal: AbortSignal): void {
    atRate(waiting.longSelectors, signal, async (row) => {
      this.create(longSelector(row));
      this.server.store.delete(pods, `waiting-${row - mostWaiting}`);
    });
  }

  /** The images that it has now; bound or ended, it is forgotten. */
  take(name: string): readonly string[] {
    const pod = parsePod(this.server.store.get(pods, name) ?? {});
    this.server.store.delete(pods, name);
    return (pod.spec.containers ?? []).flatMap(({ image }) => image ?? []);
  }
}

function longSelector(row: number): Stored {
  const values = Array.from({ length: 2_600 }, (_, place) => `${row}-${place}`.padEnd(60, "x"));
  const term = { matchExpressions: [{ key: "example.com/rack", operator: "NotIn", values }] };
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
  const spec = { affinity: { nodeAffinity }, containers: [{ name: "main", image: "qnib/bench" }] };
  const metadata = { name: `waiting-${row}`, namespace: "tenant" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec, status: { phase: "Pending" } };
}

function patch(server: FakeApiServer, pod: Stored, body: string, response: ServerResponse): void {
  try {
    reply(response, 200, server.store.put(pods, patched(pod, JSON.parse(body))));
  } catch (error) {
    status(response, 422, "Invalid", String(error).slice(0, 200));
  }
}

/** A `test` for null passes where there is nothing, as in the API server's library. @throws where a test fails */
function patched(pod: Stored, operations: readonly Operation[]): Stored {
  const document = structuredClone(pod);
  const applied = operations.filter((operation) => {
    if (operation.op !== "test" || operation.value !== null) return true;
    if ((jsonpatch.getValueByPointer(document, operation.path) ?? null) !== null) throw new Error("it is there");
    return false;
  });
  return jsonpatch.applyPatch(document, [...applied], true, false).newDocument;
}
