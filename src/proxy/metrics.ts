import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The part of the API that was asked. */
export type PullKind = "ping" | "manifest" | "blob" | "tags" | "referrers" | "token" | "other";

/** Counts of the filtering registry. */
export interface ProxyMetrics {
  answered(kind: PullKind, status: number, seconds: number): void;
  /** Whether the folder counts as it is now, or as it was before a mistake. */
  folder(current: boolean): void;
}

export function createProxyMetrics(registry: Registry): ProxyMetrics {
  const requests = new Counter({
    name: "metahub_proxy_requests_total",
    help: "Requests to the filtering registry, by what was asked for and the status of the answer.",
    labelNames: ["kind", "status"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "metahub_proxy_request_duration_seconds",
    help: "How long requests to the filtering registry took, to the end of the answer.",
    labelNames: ["kind"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [registry],
  });
  const current = new Gauge({
    name: "metahub_proxy_folder_current",
    help: "1 where the registry's folder counts as it is now, 0 where a mistake in it keeps what was read before.",
    registers: [registry],
  });
  return {
    folder: (isCurrent) => current.set(isCurrent ? 1 : 0),
    answered: (kind, status, duration) => {
      requests.inc({ kind, status: String(status) });
      seconds.observe({ kind }, duration);
    },
  };
}
