import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the servers count. Label values come from fixed sets, so the number of series is bounded. */
export interface Metrics {
  readonly registry: Registry;
  /** Reviews answered. `outcome`: rewritten, unchanged, denied, overloaded, failed. */
  readonly reviews: Counter<"outcome">;
  /** Seconds from a review's last byte to its answer. */
  readonly reviewSeconds: Histogram<"outcome">;
  /** Image references decided on. `code`: the decision codes of admission. */
  readonly images: Counter<"code">;
  /** Bindings answered, by what became of the Pod (`BindingOutcome` of the binding room). */
  readonly bindings: Counter<"outcome">;
  /** Seconds that a binding waited for its answer. */
  readonly bindingSeconds: Histogram<"outcome">;
  /** Watch events and lists of the reflectors. `event`: listed, added, modified, deleted, failed. */
  readonly watchEvents: Counter<"resource" | "event">;
  readonly nodes: Gauge;
  readonly profiles: Gauge;
  readonly machineTypes: Gauge;
  /** Writes to the API server. `outcome`: written, unchanged, failed. */
  readonly writes: Counter<"kind" | "outcome">;
  /** Pods that were bound without a choice for their node. `outcome`: as-written, for-another-node. */
  readonly boundPods: Counter<"outcome">;
  readonly certificateExpiry: Gauge;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    reviews: new Counter({
      name: "metahub_admission_reviews_total",
      help: "Admission reviews answered, by outcome.",
      labelNames: ["outcome"],
      registers,
    }),
    reviewSeconds: new Histogram({
      name: "metahub_admission_review_duration_seconds",
      help: "Time from the end of a review's body to its answer.",
      labelNames: ["outcome"],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    images: new Counter({
      name: "metahub_admission_images_total",
      help: "Image references of Pods that were decided on, by the code of the decision.",
      labelNames: ["code"],
      registers,
    }),
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
    watchEvents: new Counter({
      name: "metahub_watch_events_total",
      help: "Events of watched resources.",
      labelNames: ["resource", "event"],
      registers,
    }),
    nodes: new Gauge({ name: "metahub_inventory_nodes", help: "Nodes known.", registers }),
    profiles: new Gauge({ name: "metahub_inventory_profiles", help: "Distinct hardware profiles known.", registers }),
    machineTypes: new Gauge({ name: "metahub_inventory_machine_types", help: "MachineTypes known.", registers }),
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
    certificateExpiry: new Gauge({
      name: "metahub_certificate_expiry_timestamp_seconds",
      help: "When the serving certificate ends, in seconds since 1970.",
      registers,
    }),
  };
}
