import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { isRecord } from "../json/object.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { resource } from "../kubernetes/resource.ts";
import { systemClock } from "../time/clock.ts";
import { Deadline } from "../time/deadline.ts";

/** The webhook's Service. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** Where a replica tells of itself. */
export interface Replica {
  readonly address: string;
  readonly port: number;
}

/** Whether every replica that takes reviews answers paths with a segment. */
export interface Replicas {
  /** The replicas that do not, each with its reason, which never tells the segment. Empty: all do, or there are none. */
  unaware(segment: string, signal: AbortSignal): Promise<readonly string[]>;
}

const endpointSlices = resource({
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  namespaced: true,
});
/** The Service's name for the port of health and metrics. */
const portName = "metrics";
/** Longest time for one replica's answer, ms. */
const answerMs = 5_000;
/** Replicas that are asked at once. */
const askedAtOnce = 16;

/**
 * The replicas behind a Service, by its EndpointSlices; asked at their health port by the hash of the segment, so that
 * nobody is told a segment who does not know it. That port needs no certificate of its clients.
 */
export class ServiceReplicas implements Replicas {
  readonly #client: Pick<KubernetesClient, "list">;
  readonly #service: ServiceName;

  constructor(client: Pick<KubernetesClient, "list">, service: ServiceName) {
    this.#client = client;
    this.#service = service;
  }

  async unaware(segment: string, signal: AbortSignal): Promise<readonly string[]> {
    const { namespace, name } = this.#service;
    const query = { signal, labelSelector: `kubernetes.io/service-name=${name}` };
    const replicas: Replica[] = [];
    for await (const slice of this.#client.list({ resource: endpointSlices, namespace }, query)) {
      replicas.push(...replicasOf(slice));
    }
    const hash = createHash("sha256").update(segment).digest("hex");
    const faults: string[] = [];
    for (let next = 0; next < replicas.length; next += askedAtOnce) {
      const asked = replicas.slice(next, next + askedAtOnce).map(async (replica) => {
        const fault = await ask(hash, replica, signal);
        if (fault !== undefined) faults.push(`${replica.address}: ${fault}`);
      });
      await Promise.all(asked);
    }
    return faults;
  }
}

/** Those that may be sent reviews: ready ones, and those that end while clients still have connections to them. */
export function replicasOf(slice: unknown): readonly Replica[] {
  if (!isRecord(slice) || !Array.isArray(slice["ports"]) || !Array.isArray(slice["endpoints"])) return [];
  const port = slice["ports"].filter(isRecord).find(({ name }) => name === portName)?.["port"];
  if (typeof port !== "number") return [];
  return slice["endpoints"].filter(isRecord).flatMap((endpoint) => {
    const conditions = isRecord(endpoint["conditions"]) ? endpoint["conditions"] : {};
    const serves = (conditions["serving"] ?? conditions["ready"]) !== false;
    const addresses = Array.isArray(endpoint["addresses"]) ? endpoint["addresses"] : [];
    const [address] = addresses.filter((one) => typeof one === "string");
    return serves && address !== undefined ? [{ address, port }] : [];
  });
}

/** Undefined where the replica knows the segment of the hash. Never throws for what the replica does. */
async function ask(hash: string, { address, port }: Replica, signal: AbortSignal): Promise<string | undefined> {
  const deadline = new Deadline(systemClock, signal, "a replica's answer", answerMs);
  try {
    const options = { host: address, port, path: `/knows/${hash}`, agent: false, signal: deadline.signal };
    const [response] = await once(request(options).end(), "response");
    response.destroy();
    return response.statusCode === 204 ? undefined : `it answers ${response.statusCode}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    deadline.end();
  }
}
