import { Counter, type Registry } from "prom-client";

export interface ControllerMetrics {
  /** Writes to the API server. `kind`: machinetype, node, pod. `outcome`: written, unchanged, failed. */
  readonly writes: Counter<"kind" | "outcome">;
  /** Pods that were bound without a choice for their node. `outcome`: as-written, for-another-node. */
  readonly boundPods: Counter<"outcome">;
}

export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  return {
    writes: new Counter({
      name: "metahub_controller_writes_total",
      help: "Writes of MachineType status, of node labels and of Pods that stayed unbound, by outcome.",
      labelNames: ["kind", "outcome"],
      registers,
    }),
    boundPods: new Counter({
      name: "metahub_bound_pods_total",
      help: "Pods that were bound while nobody chose for their node (the webhook was away or late), by what they run: what was written, or what was chosen for a node with other hardware.",
      labelNames: ["outcome"],
      registers,
    }),
  };
}
