import type { ObjectReader } from "../../../src/binding/devices/devices.ts";
import type { Devices } from "../../../src/inventory/devices.ts";
import type { CallOptions, Parsing } from "../../../src/kubernetes/client/requests.ts";
import { KubernetesError } from "../../../src/kubernetes/error.ts";
import type { ObjectTarget } from "../../../src/kubernetes/resource.ts";

/** An API server's objects, by plural and name (`pods/p`). What is an Error is what the reader gets. */
export class ObjectShelf implements ObjectReader {
  readonly asked: string[] = [];
  readonly #objects: Readonly<Record<string, unknown>>;

  constructor(objects: Readonly<Record<string, unknown>>) {
    this.#objects = objects;
  }

  async get<T>({ resource, name }: ObjectTarget, { parse, signal }: CallOptions & Parsing<T>): Promise<T> {
    const key = `${resource.plural}/${name}`;
    this.asked.push(key);
    await Promise.resolve();
    signal.throwIfAborted();
    const object = this.#objects[key] ?? new KubernetesError("NOT_FOUND", key);
    if (object instanceof Error) throw object;
    return parse(object);
  }
}

/** Devices by their names, each with a compute capability. */
export function devicesOf(versions: Readonly<Record<string, string>>, served = true): Devices {
  return {
    served: () => Promise.resolve(served),
    find: ({ device }) => {
      const version = versions[device];
      return Promise.resolve(version === undefined ? undefined : new Map([["cudaComputeCapability", [version]]]));
    },
  };
}

/** A ResourceClaim that was given devices, `request=device` each; `undefined` without an allocation. */
export function claimOf(...results: readonly string[]): object {
  const given = results.map((text) => {
    const [request, device] = text.split("=", 2);
    return { request, driver: "gpu.nvidia.com", pool: "n", device };
  });
  return { status: { allocation: { devices: { results: given } } } };
}
