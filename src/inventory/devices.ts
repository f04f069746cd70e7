import { LRUCache } from "lru-cache";
import type { AttributeMapping, DeviceAttributes, DeviceName } from "../hardware/devices/device.ts";
import { askedAttributes } from "../hardware/devices/drivers.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { isKubernetesError } from "../kubernetes/error.ts";
import type { Change, ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { resource } from "../kubernetes/resource.ts";
import { type Clock, pause, systemClock, unlessAborted } from "../time/clock.ts";
import { type AskedAttributes, type DeviceSlice, trimSlice } from "./device-slice.ts";

const resourceSliceResource = resource({
  group: "resource.k8s.io",
  version: "v1",
  plural: "resourceslices",
  namespaced: false,
});

/** About 150 bytes each. 16,000 nodes with eight GPUs, twice over. */
const maxDevices = 262_144;
/** Kinds of devices. More than that, and some are kept twice. */
const maxKinds = 4_096;
const askAgainMs = 2_000;
/** After a start the first list is a moment away; where it takes longer, something is wrong with it. */
const waitMs = 1_000;

/** The devices that DRA drivers offer, as far as they are known. */
export interface Devices {
  /** False where the cluster has no resource.k8s.io/v1. Waits until that is known, or rejects with the signal's end. */
  served(signal: AbortSignal): Promise<boolean>;
  /** Waits a moment for the first list of ResourceSlices. Undefined for a device that is in none that is known. */
  find(name: DeviceName, signal: AbortSignal): Promise<DeviceAttributes | undefined>;
}

export interface ClusterDevicesOptions {
  readonly client: Pick<KubernetesClient, "each" | "watch" | "raw">;
  readonly observe: (event: ReflectorEvent) => void;
  /** More devices than are kept; told once for each list. */
  readonly onFull: (limit: number) => void;
  readonly maxDevices?: number;
  readonly clock?: Clock;
}

/** The devices of a cluster's ResourceSlices: of each, only the attributes that somebody asks about. */
export class ClusterDevices implements Devices {
  readonly #options: ClusterDevicesOptions;
  readonly #served = Promise.withResolvers<boolean>();
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;
  #asked: AskedAttributes = askedAttributes([]);
  /** The copy that answers. */
  #current: SliceCopy | undefined;
  /** One with other attributes, which takes over when it is complete. */
  #next: SliceCopy | undefined;
  readonly #complete = Promise.withResolvers<void>();

  constructor(options: ClusterDevicesOptions) {
    this.#options = options;
    // Who does not wait hears of the end by close().
    this.#served.promise.catch(() => undefined);
    this.#complete.promise.catch(() => undefined);
  }

  /** Begins to follow; once. */
  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    const end = new Error("the devices are no longer followed");
    this.#ended.abort(end);
    this.#served.reject(end);
    this.#complete.reject(end);
    await Promise.allSettled([this.#running, this.#current?.end(), this.#next?.end()]);
  }

  /** Which attributes machine types name. Where that changed, the ResourceSlices are read anew. */
  ask(mappings: Iterable<AttributeMapping>): void {
    const asked = askedAttributes(mappings);
    if (keyOf(asked) === keyOf(this.#asked)) return;
    this.#asked = asked;
    if (this.#current !== undefined || this.#next !== undefined) this.#follow();
  }

  served(signal: AbortSignal): Promise<boolean> {
    return unlessAborted(this.#served.promise, signal, "waiting for the API server's groups");
  }

  async find(name: DeviceName, signal: AbortSignal): Promise<DeviceAttributes | undefined> {
    if (this.#current === undefined) await this.#firstList(signal);
    return this.#current?.find(name);
  }

  /** Resolves in any case, unless the signal ends: without the right to list them, a binding must not wait for ever. */
  async #firstList(signal: AbortSignal): Promise<void> {
    const { clock = systemClock } = this.#options;
    const enough = Promise.withResolvers<void>();
    const cancel = clock.after(waitMs, () => enough.resolve());
    try {
      await unlessAborted(Promise.race([this.#complete.promise, enough.promise]), signal, "waiting for ResourceSlices");
    } finally {
      cancel();
    }
  }

  async #run(): Promise<void> {
    const { client, clock = systemClock } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await client.raw("/apis/resource.k8s.io/v1", { signal });
        this.#served.resolve(true);
        this.#follow();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (isKubernetesError(error, "NOT_FOUND")) {
          this.#served.resolve(false);
          return;
        }
        if (isKubernetesError(error) && !error.temporary) {
          // It is there and does not want to say so. Its list will tell more, and say so to `observe`.
          this.#served.resolve(true);
          this.#follow();
          return;
        }
        // The API server is away: the watches of the inventory report that as well, and this one waits for it.
        await pause(clock, askAgainMs, signal).catch(() => undefined);
      }
    }
  }

  #follow(): void {
    if (this.#ended.signal.aborted) return;
    const before = this.#next;
    const copy = new SliceCopy(this.#options, this.#asked);
    this.#next = copy;
    void before?.end();
    copy.synced.then(
      () => {
        if (this.#next !== copy) return;
        const replaced = this.#current;
        this.#current = copy;
        this.#next = undefined;
        this.#complete.resolve();
        void replaced?.end();
      },
      () => undefined, // It was ended, by close() or for another.
    );
  }
}

/** One list and watch of all ResourceSlices, with the devices by pool. */
class SliceCopy {
  readonly synced: Promise<void>;
  readonly #pools = new Map<string, Map<string, DeviceSlice>>();
  readonly #kinds = new LRUCache<string, DeviceAttributes>({ max: maxKinds });
  readonly #options: ClusterDevicesOptions;
  readonly #ended = new AbortController();
  readonly #run: Promise<void>;
  #devices = 0;
  #full = false;

  constructor(options: ClusterDevicesOptions, asked: AskedAttributes) {
    this.#options = options;
    const reflector: Reflector<DeviceSlice> = new Reflector({
      client: options.client,
      resource: resourceSliceResource,
      transform: (object) => {
        const kept = trimSlice(object, asked, (attributes) => this.#shared(attributes));
        return kept === undefined || this.#fits(kept, reflector.store.get(object.metadata.name)) ? kept : undefined;
      },
      onChange: (change) => this.#changed(change),
      observe: options.observe,
    });
    this.synced = reflector.synced;
    this.#run = reflector.run(this.#ended.signal);
  }

  /** A driver that changes its slices writes them one by one: of two with the same device, the newer generation counts. */
  find({ driver, pool, device }: DeviceName): DeviceAttributes | undefined {
    let newest: DeviceSlice | undefined;
    for (const slice of this.#pools.get(poolKey(driver, pool))?.values() ?? []) {
      if (slice.devices.has(device) && slice.generation > (newest?.generation ?? -1)) newest = slice;
    }
    return newest?.devices.get(device);
  }

  async end(): Promise<void> {
    this.#ended.abort(new Error("the ResourceSlices are no longer followed"));
    await this.#run;
  }

  #shared(attributes: DeviceAttributes): DeviceAttributes {
    const key = JSON.stringify([...attributes]);
    const known = this.#kinds.get(key);
    if (known === undefined) this.#kinds.set(key, attributes);
    return known ?? attributes;
  }

  #fits(slice: DeviceSlice, before: DeviceSlice | undefined): boolean {
    const { maxDevices: max = maxDevices, onFull } = this.#options;
    if (this.#devices - (before?.devices.size ?? 0) + slice.devices.size <= max) return true;
    if (!this.#full) onFull(max);
    this.#full = true;
    return false;
  }

  #changed({ key, object, previous }: Change<DeviceSlice>): void {
    if (previous !== undefined) {
      const name = poolKey(previous.driver, previous.pool);
      const pool = this.#pools.get(name);
      pool?.delete(key);
      if (pool?.size === 0) this.#pools.delete(name);
      this.#devices -= previous.devices.size;
    }
    if (object !== undefined) {
      const name = poolKey(object.driver, object.pool);
      const pool = this.#pools.get(name) ?? new Map<string, DeviceSlice>();
      this.#pools.set(name, pool.set(key, object));
      this.#devices += object.devices.size;
    }
  }
}

function poolKey(driver: string, pool: string): string {
  return `${driver}/${pool}`; // A driver has no slash.
}

function keyOf(asked: AskedAttributes): string {
  return JSON.stringify([...asked].map(([driver, names]) => [driver, [...names].sort()]).sort());
}
