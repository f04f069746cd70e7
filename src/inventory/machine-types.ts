import type { MachineType } from "../api/machine-type.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { Reflector } from "../kubernetes/reflector/reflector.ts";
import { type ClusterInventoryOptions, machineTypeResource } from "./cluster.ts";
import { type Inventory, plainContext, SnapshotPublisher } from "./inventory.ts";
import { asObserved } from "./observed.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * An inventory that follows a cluster's machine types alone, for a program that may read no nodes: each declares what its
 * nodes have in common. Nothing can be placed by it.
 */
export class MachineTypeInventory implements Inventory {
  readonly synced: Promise<void>;
  readonly #publisher: SnapshotPublisher;
  readonly #reflector: Reflector<MachineType>;
  readonly #ended = new AbortController();
  readonly #run: Promise<void>;

  constructor({ client, observe }: ClusterInventoryOptions) {
    this.#publisher = new SnapshotPublisher(() => ({
      nodes: [],
      machineTypes: [...this.#reflector.store.values()].flatMap((machineType) => asObserved(machineType) ?? []),
      context: plainContext,
    }));
    this.#reflector = new Reflector<MachineType>({
      client,
      resource: machineTypeResource,
      transform: (object) => parseMachineType(object),
      onChange: () => {
        if (this.#publisher.snapshot !== undefined) this.#publisher.changed();
      },
      observe: (event) => observe(machineTypeResource.plural, event),
    });
    this.#run = this.#reflector.run(this.#ended.signal);
    this.synced = this.#reflector.synced.then(() => this.#publisher.publish());
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
    await Promise.allSettled([this.synced, this.#run]);
  }
}
