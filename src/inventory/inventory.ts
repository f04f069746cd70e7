import type { MachineType } from "../api/machine-type.ts";
import type { NodeFacts } from "../api/node.ts";
import type { PlacementContext } from "../placement/candidate.ts";
import { type Snapshot, SnapshotBuilder } from "./snapshot.ts";

/** Where nodes and machine types come from, as one immutable snapshot after another. */
export interface Inventory {
  /** The newest snapshot; undefined until everything was read once. */
  snapshot(): Snapshot | undefined;
  /** Resolves when everything was read once; rejects when that ends first. */
  readonly synced: Promise<void>;
  /** Calls the listener with every new snapshot. Returns what takes it off again. */
  onChange(listener: (snapshot: Snapshot) => void): () => void;
  close(): Promise<void>;
}

/** The parts that a snapshot is made of. */
export interface InventoryContent {
  readonly nodes: Iterable<NodeFacts>;
  readonly machineTypes: Iterable<MachineType>;
  readonly context: PlacementContext;
}

/** Without RuntimeClasses and DeviceClasses. */
export const plainContext: PlacementContext = { deviceClassResources: new Set(), runtimeClasses: new Map() };

/** Changes that arrive within this many milliseconds make one snapshot. Status must follow a change within a second. */
const gatherMs = 50;
/**
 * The shortest time between two snapshots. Where changes never pause (a rollout that relabels thousands of nodes), each
 * snapshot of 5,000 nodes leaves a megabyte behind, and 20 a second made the webhook three times as large as it is.
 */
const pauseMs = 250;

/** Gathers changes and publishes one snapshot for all that came together. */
export class SnapshotPublisher {
  readonly #builder = new SnapshotBuilder();
  readonly #content: () => InventoryContent | undefined;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #snapshot: Snapshot | undefined;
  #timer: NodeJS.Timeout | undefined;
  #publishedAt = Number.NEGATIVE_INFINITY;

  /** `content` gives undefined as long as not everything was read once. */
  constructor(content: () => InventoryContent | undefined) {
    this.#content = content;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something changed: publish soon. */
  changed(): void {
    const since = performance.now() - this.#publishedAt;
    this.#timer ??= setTimeout(() => this.publish(), Math.max(gatherMs, pauseMs - since));
  }

  /** Publishes now. */
  publish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const content = this.#content();
    if (content === undefined) return;
    this.#publishedAt = performance.now();
    const snapshot = this.#builder.build(content.nodes, content.machineTypes, content.context);
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }
}
