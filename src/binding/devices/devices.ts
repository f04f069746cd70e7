import type { Container, Pod } from "../../api/pod.ts";
import type { AllocatedDevice } from "../../hardware/devices/device.ts";
import type { ContainerDevices } from "../../hardware/devices/profile.ts";
import type { Devices } from "../../inventory/devices.ts";
import { podResource } from "../../inventory/pods.ts";
import type { CallOptions, Parsing } from "../../kubernetes/client/requests.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import { type ObjectTarget, resource } from "../../kubernetes/resource.ts";
import { getsAccelerator } from "../../rewriting/images.ts";
import type { AskedPod } from "../../rewriting/reviewed-pod.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Turns } from "../../time/turns.ts";
import { type AllocationResult, parseAllocation, resultsOf } from "./claim.ts";
import { containersOf, mayHaveDevices, type PodClaims, parsePodClaims, usesOf } from "./pod.ts";

const claimResource = resource({ group: "resource.k8s.io", version: "v1", plural: "resourceclaims", namespaced: true });

/** ResourceClaims of one Pod. Devices of a Pod with more are not known. */
const maxClaims = 32;

/** The part of a KubernetesClient that is used. */
export interface ObjectReader {
  get<T>(target: ObjectTarget, options: CallOptions & Parsing<T>): Promise<T>;
}

export interface BindingDevicesOptions {
  readonly client: ObjectReader;
  readonly devices: Devices;
  /** Requests at once; others wait for their turn. */
  readonly turns: Turns;
  readonly log: Logger;
}

/** The devices of a Pod that is being bound. */
export interface PodDevices {
  /** By the container's name; those that get no device by DRA are not in it. */
  readonly containers: ReadonlyMap<string, ContainerDevices>;
  /** Why some are not known, one line for people. */
  readonly doubt?: string;
}

/**
 * The devices that DRA gave to a Pod's containers. When a Pod is bound, its claims are allocated and the Pod says which
 * they are: the scheduler writes both in PreBind, before it posts the Binding.
 */
export class BindingDevices {
  readonly #options: BindingDevicesOptions;

  constructor(options: BindingDevicesOptions) {
    this.#options = options;
  }

  /**
   * Undefined where DRA gives the Pod nothing. An API server that does not tell leaves a doubt, and devices that are not
   * known offer nothing.
   *
   * @throws the signal's reason when it ends, and nothing else.
   */
  async of(
    { pod, options }: AskedPod,
    allocatable: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<PodDevices | undefined> {
    if (options.accelerators === "never" || !mayHaveDevices(containersOf(pod), allocatable)) return undefined;
    if (!(await this.#options.devices.served(signal))) return undefined;
    const reading = new Reading(this.#options, pod.metadata.namespace ?? "", signal);
    const claims = await reading.pod(pod);
    // The owner may want labels to count though no device plugin gives the container anything.
    const otherwise = options.accelerators === "always" ? "unspoken" : "none";
    const containers = new Map<string, ContainerDevices>();
    for (const container of containersOf(pod)) {
      const found = await devicesOf(container, claims, allocatable, otherwise, reading);
      if (found !== undefined) containers.set(container.name, found);
    }
    const { doubt } = reading;
    return containers.size === 0 ? undefined : { containers, ...(doubt === undefined ? {} : { doubt }) };
  }
}

/** Undefined for a container that gets no device by DRA; without claims, for one that cannot get any. */
async function devicesOf(
  container: Container,
  claims: PodClaims | undefined,
  allocatable: Readonly<Record<string, string>>,
  otherwise: ContainerDevices["labels"],
  reading: Reading,
): Promise<ContainerDevices | undefined> {
  if (claims === undefined) {
    return mayHaveDevices([container], allocatable) ? { devices: undefined, labels: otherwise } : undefined;
  }
  const found = usesOf(container, claims, allocatable);
  if (found === undefined) return undefined;
  const labels = getsAccelerator(without(container, found.served)) ? "also" : otherwise;
  return { devices: await reading.devices(found.uses), labels };
}

/** The container with the resources that are left to device plugins. */
function without({ resources, ...container }: Container, served: ReadonlySet<string>): Container {
  const left = (quantities: Readonly<Record<string, string>> | undefined) =>
    Object.fromEntries(Object.entries(quantities ?? {}).filter(([name]) => !served.has(name)));
  return { ...container, resources: { requests: left(resources?.requests), limits: left(resources?.limits) } };
}

/** The reads for one Pod; each claim is read once. */
class Reading {
  doubt: string | undefined;
  readonly #options: BindingDevicesOptions;
  readonly #namespace: string;
  readonly #signal: AbortSignal;
  readonly #claims = new Map<string, Promise<readonly AllocationResult[] | undefined>>();

  constructor(options: BindingDevicesOptions, namespace: string, signal: AbortSignal) {
    this.#options = options;
    this.#namespace = namespace;
    this.#signal = signal;
  }

  /** The Pod as it is now: its status changed a moment ago, and a cache may not know it yet. */
  async pod({ metadata: { name = "", uid } }: Pod): Promise<PodClaims | undefined> {
    const target = { resource: podResource, namespace: this.#namespace, name };
    const read = await this.#get(`Pod ${name}`, target, parsePodClaims);
    if (read === undefined) return undefined;
    if (uid === undefined || read.metadata.uid === uid) return read;
    this.#doubt(`Pod ${name} is another one by now`);
    return undefined;
  }

  /** Undefined where one of them is not known. */
  async devices(
    uses: readonly { readonly claim: string | undefined; readonly request?: string }[],
  ): Promise<readonly AllocatedDevice[] | undefined> {
    const found = await Promise.all(
      uses.map(async ({ claim, request }) => {
        const results = claim === undefined ? this.#doubt("the Pod names no ResourceClaim") : await this.#claim(claim);
        if (results === undefined) return undefined;
        const own = resultsOf(results, request);
        return Promise.all(own.map((result) => this.#device(result)));
      }),
    );
    const all: AllocatedDevice[] = [];
    for (const some of found) {
      if (some === undefined) return undefined;
      all.push(...some);
    }
    return all;
  }

  async #device({ driver, pool, device }: AllocationResult): Promise<AllocatedDevice> {
    const name = { driver, pool, device };
    return { ...name, attributes: await this.#options.devices.find(name, this.#signal) };
  }

  #claim(name: string): Promise<readonly AllocationResult[] | undefined> {
    const known = this.#claims.get(name);
    if (known !== undefined) return known;
    if (this.#claims.size >= maxClaims) {
      return Promise.resolve(this.#doubt(`it has more than ${maxClaims} ResourceClaims`));
    }
    const reading = this.#allocation(name);
    this.#claims.set(name, reading);
    return reading;
  }

  async #allocation(name: string): Promise<readonly AllocationResult[] | undefined> {
    const target = { resource: claimResource, namespace: this.#namespace, name };
    const read = await this.#get(`ResourceClaim ${name}`, target, (object) => ({ results: parseAllocation(object) }));
    if (read === undefined) return undefined;
    return read.results ?? this.#doubt(`ResourceClaim ${name} has no devices allocated`);
  }

  async #get<T>(what: string, target: ObjectTarget, parse: (object: unknown) => T) {
    const { client, turns, log } = this.#options;
    const signal = this.#signal;
    try {
      return await turns.run(signal, () => client.get(target, { signal, parse }));
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ what, namespace: this.#namespace, error }, "the devices of a Pod are not known");
      return this.#doubt(`${what} cannot be read (${isKubernetesError(error) ? error.code : "not understood"})`);
    }
  }

  #doubt(why: string): undefined {
    this.doubt ??= why;
    return undefined;
  }
}
