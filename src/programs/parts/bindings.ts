import { hostname } from "node:os";
import { BindingDevices } from "../../binding/devices/devices.ts";
import { BindingEvents } from "../../binding/events.ts";
import { BindingHandler } from "../../binding/handler.ts";
import type { BindingMetrics } from "../../binding/metrics.ts";
import { BindingNodes } from "../../binding/nodes.ts";
import { ClusterPods } from "../../binding/pods.ts";
import type { ReselectContext } from "../../binding/reselection.ts";
import { ClusterDevices } from "../../inventory/devices.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import { UnscheduledPods } from "../../inventory/pods.ts";
import type { Snapshot } from "../../inventory/snapshot.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { EventRecorder } from "../../kubernetes/events/recorder.ts";
import type { Logger } from "../../telemetry/log.ts";
import { Turns } from "../../time/turns.ts";
import type { NamespaceReach } from "../../webhook/reach.ts";
import type { ReviewRoute } from "../../webhook/route.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

export interface BindingsOptions {
  readonly client: KubernetesClient;
  readonly inventory: Inventory;
  readonly context: ReselectContext;
  readonly reach: NamespaceReach;
  /** Requests to the API server at once. */
  readonly writes: number;
  readonly metrics: BindingMetrics;
  readonly log: Logger;
  readonly observe: WatchObserver;
}

/**
 * Bytes of the review of a Binding, which has names, and annotations of 256 KiB at most
 * (apimachinery/pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB), as JSON up to twice that size.
 */
const maxBytes = 640 * 1_024;

/**
 * The routes that decide at binding. Until the process ends the Pods that wait for a node are followed; while their
 * first list goes on, each that is missing is asked for.
 */
export function bindingRoutes(life: Lifecycle, options: BindingsOptions): Readonly<Record<string, ReviewRoute>> {
  const { client, inventory, context, reach, writes, metrics, log, observe } = options;
  const recorder = new EventRecorder({ client, controller: "metahub.dev/webhook", instance: hostname() });
  life.atEnd("sending Events", () => recorder.close(AbortSignal.timeout(2_000)));
  const cache = new UnscheduledPods({ client, observe: (event) => observe("pods", event) });
  life.run("following the Pods that wait for a node", (signal) => cache.run(signal));
  const turns = new Turns(writes);
  const known = followDevices(life, options);
  const shared = {
    pods: new ClusterPods({ client, cache, turns }),
    nodes: new BindingNodes(inventory, { devices: new BindingDevices({ client, devices: known, turns, log }) }),
    context,
    reach,
    events: new BindingEvents(recorder),
    metrics,
    log,
    now: () => new Date(),
  };
  return {
    "/validate/bindings": { handler: new BindingHandler(shared), maxBytes },
    "/validate/bindings/labelled": { handler: new BindingHandler({ ...shared, labelledOnly: true }), maxBytes },
  };
}

/** The devices that DRA can allocate, with the attributes that machine types name. */
function followDevices(life: Lifecycle, { client, inventory, log, observe }: BindingsOptions): ClusterDevices {
  const known = new ClusterDevices({
    client,
    observe: (event) => observe("resourceslices", event),
    onFull: (limit) => log.error({ limit }, "more devices than are kept; of the others nothing is known at binding"),
  });
  const ask = ({ machineTypes }: Snapshot): void => {
    known.ask([...machineTypes.values()].flatMap(({ resource }) => resource.spec.deviceAttributes ?? []));
  };
  const stop = inventory.onChange(ask);
  const now = inventory.snapshot();
  if (now !== undefined) ask(now);
  known.start();
  life.atEnd("following devices", async () => {
    stop();
    await known.close();
  });
  return known;
}
