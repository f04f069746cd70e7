import { type Condition, type MachineType, metahubApiVersion } from "../../api/machine-type.ts";
import { machineTypeLabel } from "../../api/node-labels.ts";
import { computeStatus, statusEquals } from "../../api/status.ts";
import { machineTypeResource, nodeResource } from "../../inventory/cluster.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { MachineTypeEntry, Snapshot } from "../../inventory/snapshot.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { EventRecorder } from "../../kubernetes/events/recorder.ts";
import { WorkQueue } from "../../kubernetes/work-queue.ts";
import type { Logger } from "../../telemetry/log.ts";
import { aborted } from "../../time/aborted.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { desiredLabels, labelsDiffer } from "./node-labels.ts";
import { typedNode } from "./typed-node.ts";

/** Names the controller as the owner of what it writes (server-side apply). */
const fieldManager = "metahub-controller";

export interface ControllerOptions {
  readonly inventory: Inventory;
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  /** False where nodes are not to be labelled. */
  readonly labelNodes: boolean;
  readonly metrics: ControllerMetrics;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Writes MachineType status and node labels. Level-based: it goes by the newest snapshot, whatever changes it missed. */
export class Controller {
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Works until the signal aborts; then finishes what is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { inventory, log, labelNodes } = this.#options;
    const queue = new WorkQueue<string>({
      workers: 4,
      handle: (key, ended) => this.#reconcile(key, ended),
      observe: (event) => {
        if (event.type !== "failed") return;
        const { key, error, failures } = event;
        log.warn({ key, error, failures }, "a write failed and is tried again");
      },
    });
    const enqueue = (snapshot: Snapshot): void => {
      for (const name of snapshot.machineTypes.keys()) queue.add(`machinetype/${name}`);
      if (!labelNodes) return;
      for (const entry of snapshot.nodes.values()) if (labelsDiffer(entry)) queue.add(`node/${entry.facts.name}`);
    };
    const off = inventory.onChange(enqueue);
    const first = inventory.snapshot();
    if (first !== undefined) enqueue(first);
    await aborted(signal);
    off();
    await queue.close();
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<undefined> {
    const [kind, name = ""] = key.split("/", 2);
    const snapshot = this.#options.inventory.snapshot();
    if (snapshot === undefined) return undefined;
    const count = (outcome: "written" | "unchanged" | "failed"): void =>
      this.#options.metrics.writes.inc({ kind: kind === "node" ? "node" : "machinetype", outcome });
    try {
      const wrote =
        kind === "node" ? await this.#label(snapshot, name, signal) : await this.#status(snapshot, name, signal);
      count(wrote ? "written" : "unchanged");
    } catch (error) {
      // Deleted, or made anew under the same name: the next snapshot knows.
      const isGone = isKubernetesError(error, "NOT_FOUND", "CONFLICT");
      count(isGone ? "unchanged" : "failed");
      if (!isGone) throw error;
    }
    return undefined;
  }

  async #label(snapshot: Snapshot, name: string, signal: AbortSignal): Promise<boolean> {
    const entry = snapshot.nodes.get(name);
    if (entry === undefined || !labelsDiffer(entry)) return false;
    const { client } = this.#options;
    const { uid, labels } = entry.facts;
    const desired = desiredLabels(entry);
    // The uid makes the server refuse the write where this node is gone, instead of making a new one.
    const metadata = { name, uid, labels: desired };
    const target = { resource: nodeResource, name };
    await client.apply(target, { apiVersion: "v1", kind: "Node", metadata }, { fieldManager, force: true, signal });
    // Applying without a label takes it away only where we wrote it ourselves. Somebody else's would draw Pods to a node
    // that is not of that machine type.
    if (machineTypeLabel in labels && !(machineTypeLabel in desired)) {
      const body = { metadata: { uid, labels: { [machineTypeLabel]: null } } };
      await client.patch(target, { type: "merge", body }, { fieldManager, signal });
    }
    return true;
  }

  async #status(snapshot: Snapshot, name: string, signal: AbortSignal): Promise<boolean> {
    const entry = snapshot.machineTypes.get(name);
    if (entry === undefined) return false;
    const machineType = entry.resource;
    const status = computeStatus({
      machineType,
      nodes: entry.nodes.map((node) => typedNode(node, machineType)),
      overlaps: entry.overlaps,
      template: entry.template,
      now: this.#options.now(),
    });
    if (machineType.status !== undefined && statusEquals(machineType.status, status)) return false;
    const { uid } = machineType.metadata;
    const body = {
      apiVersion: metahubApiVersion,
      kind: "MachineType",
      metadata: { name, ...(uid === undefined ? {} : { uid }) },
      status,
    };
    const target = { resource: machineTypeResource, name, subresource: "status" };
    await this.#options.client.apply(target, body, { fieldManager, force: true, signal });
    this.#surprises(machineType, status.conditions ?? [], entry);
    return true;
  }

  /** An Event where a machine type is no longer what its owner meant it to be; once, when that begins. */
  #surprises(machineType: MachineType, conditions: readonly Condition[], entry: MachineTypeEntry): void {
    for (const { type, status, reason, message } of conditions) {
      const before = machineType.status?.conditions?.find((condition) => condition.type === type);
      if (status !== "False" || before?.status === "False" || type === "Ready") continue;
      const { name, uid } = entry.resource.metadata;
      const regarding = {
        apiVersion: metahubApiVersion,
        kind: "MachineType",
        name,
        ...(uid === undefined ? {} : { uid }),
      };
      this.#options.events.record({ type: "Warning", reason, action: "Observe", note: message, regarding });
    }
  }
}
