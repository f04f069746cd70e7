import { hostname } from "node:os";
import { BindingDevices } from "../binding/devices/devices.ts";
import { BindingEvents } from "../binding/events.ts";
import { BindingHandler } from "../binding/handler.ts";
import { BindingNodes } from "../binding/nodes.ts";
import { ClusterPods } from "../binding/pods.ts";
import type { ReselectContext } from "../binding/reselection.ts";
import { ClusterDevices } from "../inventory/devices.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { UnscheduledPods } from "../inventory/pods.ts";
import type { Snapshot } from "../inventory/snapshot.ts";
import type { KubernetesClient } from "../kubernetes/client/client.ts";
import { EventRecorder } from "../kubernetes/events/recorder.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { Turns } from "../time/turns.ts";
import type { ReviewHandler } from "../webhook/server.ts";
import { watchObserver } from "./parts/watching.ts";

export interface BindingOptions {
  readonly client: KubernetesClient;
  readonly inventory: Inventory;
  readonly context: ReselectContext;
  /** Requests to the API server at once. */
  readonly writes: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What decides at binding, while it follows the Pods that wait for a node. */
export interface BindingService {
  readonly handlers: Readonly<Record<string, ReviewHandler>>;
  close(): Promise<void>;
}

/** Resolves when the Pods are followed; their first list goes on meanwhile, and each that is missing is asked for. */
export function followBindings(options: BindingOptions): BindingService {
  const { client, inventory, context, writes, metrics, log } = options;
  const observe = watchObserver(log, metrics);
  const cache = new UnscheduledPods({ client, observe: (event) => observe("pods", event) });
  const ended = new AbortController();
  const run = cache.run(ended.signal);
  const recorder = new EventRecorder({ client, controller: "metahub.dev/webhook", instance: hostname() });
  const turns = new Turns(writes);
  const devices = followDevices(options);
  const shared = {
    pods: new ClusterPods({ client, cache, turns }),
    nodes: new BindingNodes(inventory, {
      devices: new BindingDevices({ client, devices: devices.known, turns, log }),
    }),
    context,
    events: new BindingEvents(recorder),
    metrics,
    log,
    now: () => new Date(),
  };
  return {
    handlers: {
      "/validate/bindings": new BindingHandler(shared),
      "/validate/bindings/labelled": new BindingHandler({ ...shared, labelledOnly: true }),
    },
    async close() {
      ended.abort(new Error("the webhook ends"));
      await Promise.all([run, devices.close()]);
      await recorder.close(AbortSignal.timeout(2_000));
    },
  };
}

/** The devices that DRA can allocate, with the attributes that machine types name. */
function followDevices({ client, inventory, metrics, log }: BindingOptions) {
  const observe = watchObserver(log, metrics);
  const known = new ClusterDevices({
    client,
    observe: (event) => observe("resourceslices", event),
    onFull: (limit) => log.error({ limit }, "more devices than are kept; of the others nothing is known at binding"),
  });
  const ask = ({ machineTypes }: Snapshot): void => {
    known.ask([...machineTypes.values()].flatMap(({ resource }) => resource.spec.deviceAttributes ?? []));
  };
  const off = inventory.onChange(ask);
  const now = inventory.snapshot();
  if (now !== undefined) ask(now);
  known.start();
  return {
    known,
    close: async () => {
      off();
      await known.close();
    },
  };
}
