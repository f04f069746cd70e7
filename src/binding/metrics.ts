import { Counter, Histogram, type Registry } from "prom-client";

/** Bindings by what became of their Pods. `outcome`: one of `bindingOutcomes`. */
export interface BindingMetrics {
  readonly bindings: Counter<"outcome">;
  /** Seconds that a binding waited for its answer. */
  readonly bindingSeconds: Histogram<"outcome">;
}

export function createBindingMetrics(registry: Registry): BindingMetrics {
  const registers = [registry];
  return {
    bindings: new Counter({
      name: "metahub_binding_total",
      help: "Pods that were bound to a node while MetaHub looked, by what became of their images.",
      labelNames: ["outcome"],
      registers,
    }),
    bindingSeconds: new Histogram({
      name: "metahub_binding_duration_seconds",
      help: "Time that a binding waited for the choice of its Pod's images.",
      labelNames: ["outcome"],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
