import { once } from "node:events";
import { request } from "node:https";
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

/** Where a replica listens. */
export interface Replica {
  readonly address: string;
  readonly port: number;
}

/** Whether every replica that takes reviews answers paths with a segment. */
export interface Replicas {
  /** The replicas that do not, each with its reason, which never tells the segment. Empty: all do, or there are none. */
  unaware(segment: string, authorities: string | undefined, signal: AbortSignal): Promise<readonly string[]>;
}

const endpointSlices = resource({
  group: "discovery.k8s.io",
  version: "v1",
  plural: "endpointslices",
  namespaced: true,
});
const portName = "https";
/** Longest time for one replica's answer, ms. */
const answerMs = 5_000;
/** Replicas that are asked at once. */
const askedAtOnce = 16;

/** The replicas behind a Service, by its EndpointSlices; asked by TLS, for the Service's name. */
export class ServiceReplicas implements Replicas {
  readonly #client: Pick<KubernetesClient, "list">;
  readonly #service: ServiceName;

  constructor(client: Pick<KubernetesClient, "list">, service: ServiceName) {
    this.#client = client;
    this.#service = service;
  }

  async unaware(segment: string, authorities: string | undefined, signal: AbortSignal): Promise<readonly string[]> {
    const { namespace, name } = this.#service;
    const query = { signal, labelSelector: `kubernetes.io/service-name=${name}` };
    const replicas: Replica[] = [];
    for await (const slice of this.#client.list({ resource: endpointSlices, namespace }, query)) {
      replicas.push(...replicasOf(slice));
    }
    const faults: string[] = [];
    for (let next = 0; next < replicas.length; next += askedAtOnce) {
      const asked = replicas.slice(next, next + askedAtOnce).map(async ({ address, port }) => {
        const options = { host: address, port, servername: `${name}.${namespace}.svc`, authorities };
        const fault = await ask(segment, options, signal);
        if (fault !== undefined) faults.push(`${address}: ${fault}`);
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

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  /** PEM; undefined: those that this machine trusts. */
  readonly authorities: string | undefined;
}

/** Undefined where the replica answers paths with the segment. Never throws for what the replica does. */
async function ask(
  segment: string,
  { authorities, ...place }: Asked,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = new Deadline(systemClock, signal, "a replica's answer", answerMs);
  const options = { ...place, path: `/${segment}/`, agent: false, signal: deadline.signal };
  try {
    const sent = request(authorities === undefined ? options : { ...options, ca: authorities }).end();
    const [response] = await once(sent, "response");
    response.destroy();
    return response.statusCode === 204 ? undefined : `it answers ${response.statusCode}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    deadline.end();
  }
}
