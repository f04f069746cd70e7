import { type FSWatcher, watch } from "node:fs";
import { type MachineType, metahubApiVersion } from "../api/machine-type.ts";
import type { NodeFacts } from "../api/node.ts";
import { parseMachineType } from "../api/parse-machine-type.ts";
import { parseNode } from "../api/parse-node.ts";
import { InventoryError } from "../manifests/error.ts";
import { readFolder } from "../manifests/files.ts";
import type { Manifest } from "../manifests/parse.ts";
import { type Inventory, type InventoryContent, plainContext, SnapshotPublisher } from "./inventory.ts";
import type { Snapshot } from "./snapshot.ts";

/** Editors and `kubectl cp` write in several steps: read once they have paused. */
const settleMs = 50;

/** Nodes and machine types among manifests; other kinds are passed over, so that a folder of examples will do. */
export function inventoryOf(manifests: readonly Manifest[]): Pick<InventoryContent, "nodes" | "machineTypes"> {
  const nodes = new Map<string, NodeFacts>();
  const machineTypes = new Map<string, MachineType>();
  for (const { apiVersion, kind, object, place } of manifests) {
    if (apiVersion === "v1" && kind === "Node") {
      const node = at(place, () => parseNode(object));
      refuseDuplicate(nodes, node.name, "Node", place);
      nodes.set(node.name, node);
    } else if (apiVersion === metahubApiVersion && kind === "MachineType") {
      const type = at(place, () => parseMachineType(object));
      refuseDuplicate(machineTypes, type.metadata.name, "MachineType", place);
      machineTypes.set(type.metadata.name, type);
    }
  }
  return { nodes: [...nodes.values()], machineTypes: [...machineTypes.values()] };
}

export interface FileInventoryOptions {
  readonly folder: string;
  /** Called when a changed folder cannot be used; the snapshot of before stays. */
  readonly onError: (error: InventoryError) => void;
}

/** An inventory read from a folder of manifests, and again whenever something in it changes. */
export class FileInventory implements Inventory {
  readonly synced: Promise<void>;
  readonly #folder: string;
  readonly #onError: (error: InventoryError) => void;
  readonly #publisher: SnapshotPublisher;
  readonly #ended = new AbortController();
  #content: InventoryContent | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FileInventoryOptions) {
    this.#folder = options.folder;
    this.#onError = options.onError;
    this.#publisher = new SnapshotPublisher(() => this.#content);
    this.synced = this.#start();
    // Whoever waits for it hears of the failure; without this, a failure that comes first would end the process.
    this.synced.catch(() => undefined);
  }

  snapshot(): Snapshot | undefined {
    return this.#publisher.snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): () => void {
    return this.#publisher.onChange(listener);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#publisher.close();
    await this.#reading;
  }

  async #start(): Promise<void> {
    await this.#read(); // Also tells that the folder is there, before it is watched.
    if (this.#ended.signal.aborted) return;
    this.#watcher = watch(this.#folder, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#readAgain(), settleMs);
    });
    this.#watcher.on("error", (cause) => {
      this.#onError(new InventoryError("UNREADABLE", `${this.#folder} can no longer be watched`, { cause }));
    });
    this.#readAgain(); // What changed between the first read and the watch.
  }

  #readAgain(): void {
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((error: unknown) => {
        if (this.#ended.signal.aborted) return;
        this.#onError(
          error instanceof InventoryError ? error : new InventoryError("UNREADABLE", this.#folder, { cause: error }),
        );
      });
  }

  async #read(): Promise<void> {
    const manifests = await readFolder(this.#folder, this.#ended.signal);
    if (this.#ended.signal.aborted) return;
    this.#content = { ...inventoryOf(manifests), context: plainContext };
    this.#publisher.publish();
  }
}

function at<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new InventoryError("OBJECT_INVALID", `${place}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function refuseDuplicate(known: ReadonlyMap<string, unknown>, name: string, kind: string, place: string): void {
  if (known.has(name))
    throw new InventoryError("DUPLICATE", `${place}: ${kind} ${name} stands twice; keep one of them`);
}
