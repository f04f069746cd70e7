import { Counter, type Registry } from "prom-client";

export interface AdmissionMetrics {
  /** Image references decided on. `code`: the codes of decisions (`DecisionCode` of the rewriting room). */
  readonly images: Counter<"code">;
}

export function createAdmissionMetrics(registry: Registry): AdmissionMetrics {
  return {
    images: new Counter({
      name: "metahub_admission_images_total",
      help: "Image references of Pods that were decided on, by the code of the decision.",
      labelNames: ["code"],
      registers: [registry],
    }),
  };
}
