import type { MachineType } from "../api/machine-type.ts";
import type { NodeFacts } from "../api/node.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { parseNode } from "../api/parse-node.ts";
import { machineTypes } from "../api/resources.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import type { ReflectorEvent } from "../kubernetes/reflector/options.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { type Resource, resource } from "../kubernetes/resource.ts";
import type { PlacementContext, RuntimeClassScheduling } from "../placement/candidate.ts";
import { type Inventory, SnapshotPublisher } from "./inventory.ts";
import { parseDeviceClassResource, parseRuntimeClass } from "./placement-resources.ts";
import { isServed } from "./served.ts";
import type { Snapshot } from "./snapshot.ts";

export const nodeResource = resource({ group: "", version: "v1", plural: "nodes", namespaced: false });
export const machineTypeResource = resource(machineTypes);
const runtimeClassResource = resource({
  group: "node.k8s.io",
  version: "v1",
  plural: "runtimeclasses",
  namespaced: false,
});
const deviceClassResource = resource({
  group: "resource.k8s.io",
  version: "v1",
  plural: "deviceclasses",
  namespaced: false,
});

export interface ClusterInventoryOptions {
  readonly client: KubernetesClient;
  /** Told of everything that the watches do; for logs and metrics. */
  readonly observe: (resource: string, event: ReflectorEvent) => void;
}

/** An inventory that follows a cluster's nodes and machine types, and what else says where Pods can land. */
export class ClusterInventory implements Inventory {
  readonly synced: Promise<void>;
  readonly #options: ClusterInventoryOptions;
  readonly #publisher = new SnapshotPublisher(() => this.#content());
  readonly #ended = new AbortController();
  readonly #runs: Promise<void>[] = [];
  readonly #nodes: Reflector<NodeFacts>;
  readonly #machineTypes: Reflector<MachineType>;
  readonly #runtimeClasses: Reflector<RuntimeClassScheduling>;
  /** Undefined where the cluster has no resource.k8s.io/v1 (before Kubernetes 1.34). */
  #deviceClasses: Reflector<string> | undefined;
  #context: PlacementContext | undefined;
  #complete = false;

  constructor(options: ClusterInventoryOptions) {
    this.#options = options;
    this.#nodes = this.#reflector(nodeResource, parseNode);
    this.#machineTypes = this.#reflector(machineTypeResource, (object) => parseMachineType(object));
    this.#runtimeClasses = this.#reflector(runtimeClassResource, parseRuntimeClass, () => this.#contextChanged());
    this.synced = this.#start();
    // Whoever waits for it hears of the failure; without this, one that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  snapshot(): Snapshot | undefined {
    return this.#publisher.snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): () => void {
    return this.#publisher.onChange(listener);
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error("the inventory was closed"));
    this.#publisher.close();
    await Promise.allSettled([this.synced, ...this.#runs]);
  }

  async #start(): Promise<void> {
    const { signal } = this.#ended;
    for (const reflector of [this.#nodes, this.#machineTypes, this.#runtimeClasses])
      this.#runs.push(reflector.run(signal));
    const devices = (await this.#hasDeviceClasses(signal))
      ? this.#reflector(deviceClassResource, parseDeviceClassResource, () => this.#contextChanged())
      : undefined;
    this.#deviceClasses = devices;
    if (devices !== undefined) this.#runs.push(devices.run(signal));
    await Promise.all([this.#nodes.synced, this.#machineTypes.synced, this.#runtimeClasses.synced, devices?.synced]);
    this.#complete = true;
    this.#publisher.publish();
  }

  /** Asks once the API server answers at all; the reflectors wait and try again by themselves meanwhile. */
  async #hasDeviceClasses(signal: AbortSignal): Promise<boolean> {
    await this.#nodes.synced;
    const { client, observe } = this.#options;
    return isServed(client, "resource.k8s.io/v1", {
      signal,
      failed: (error, retryInMs) =>
        observe(deviceClassResource.plural, { type: "failed", error, relist: true, retryInMs }),
    });
  }

  #reflector<Kept>(
    of: Resource,
    transform: (object: object) => Kept | undefined,
    changed = () => undefined,
  ): Reflector<Kept> {
    return new Reflector<Kept>({
      client: this.#options.client,
      resource: of,
      transform,
      onChange: () => {
        changed();
        if (this.#complete) this.#publisher.changed();
      },
      observe: (event) => this.#options.observe(of.plural, event),
    });
  }

  #contextChanged(): undefined {
    this.#context = undefined;
  }

  #content() {
    if (!this.#complete) return undefined;
    this.#context ??= {
      deviceClassResources: new Set(this.#deviceClasses?.store.values()),
      runtimeClasses: new Map(this.#runtimeClasses.store),
    };
    return {
      nodes: this.#nodes.store.values(),
      machineTypes: this.#machineTypes.store.values(),
      context: this.#context,
    };
  }
}
