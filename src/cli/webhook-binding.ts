import { hostname } from "node:os";
import { BindingHandler } from "../admission/binding.ts";
import { BindingEvents } from "../admission/binding-events.ts";
import { BindingNodes } from "../admission/binding-nodes.ts";
import { ClusterPods } from "../admission/binding-pods.ts";
import { Turns } from "../admission/binding-turns.ts";
import type { ReselectContext } from "../admission/reselect.ts";
import type { ReviewHandler } from "../admission/server.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { UnscheduledPods } from "../inventory/pods.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { EventRecorder } from "../kubernetes/eventrecorder.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { watchObserver } from "./watching.ts";

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
  const shared = {
    pods: new ClusterPods({ client, cache, turns: new Turns(writes) }),
    nodes: new BindingNodes(inventory),
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
      await run;
      await recorder.close(AbortSignal.timeout(2_000));
    },
  };
}
