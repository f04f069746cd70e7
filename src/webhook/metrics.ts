import { Counter, Histogram, type Registry } from "prom-client";

/** Reviews by what became of them. `outcome`: rewritten, unchanged, denied, overloaded, failed. */
export interface ReviewMetrics {
  readonly reviews: Counter<"outcome">;
  /** Seconds from a review's last byte to its answer. */
  readonly reviewSeconds: Histogram<"outcome">;
  /** Requests whose path begins with no segment that counts. */
  readonly unknownPaths: Counter;
}

export function createReviewMetrics(registry: Registry): ReviewMetrics {
  const registers = [registry];
  return {
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
    unknownPaths: new Counter({
      name: "metahub_admission_unknown_paths_total",
      help: "Requests to the webhook's port whose path begins with no secret that counts; they are answered with 404.",
      registers,
    }),
  };
}
