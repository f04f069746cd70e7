import { Counter, Gauge, type Registry } from "prom-client";

/** Counts of the keeper. */
export interface KeeperMetrics {
  /** A look at all that is kept. */
  looked(outcome: "done" | "failed"): void;
  /** Something was written: a Secret, or a webhook configuration. */
  wrote(what: "authority" | "certificate" | "keys" | "authority-in-configuration" | "path-in-configuration"): void;
  /** Replicas that do not answer the newest path yet, while a configuration waits to name it. */
  waitsFor(replicas: number): void;
}

export function createKeeperMetrics(registry: Registry): KeeperMetrics {
  const looks = new Counter({
    name: "metahub_keeper_looks_total",
    help: "Looks at the Secrets and webhook configurations that the keeper keeps, by outcome.",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const writes = new Counter({
    name: "metahub_keeper_writes_total",
    help: "What the keeper wrote, by what it was.",
    labelNames: ["what"],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: "metahub_keeper_unaware_replicas",
    help: "Replicas of the webhook that do not answer the newest path, while a configuration waits to name it.",
    registers: [registry],
  });
  return {
    looked: (outcome) => looks.inc({ outcome }),
    wrote: (what) => writes.inc({ what }),
    waitsFor: (replicas) => waiting.set(replicas),
  };
}
