import { Counter, Gauge, type Registry } from "prom-client";

/** An object, or a part of one, that the keeper writes. */
export type Written =
  | "authority"
  | "certificate"
  | "keys"
  | "token-keys"
  | "authority-in-configuration"
  | "path-in-configuration";

/** Counts of the keeper. */
export interface KeeperMetrics {
  /** A look at all that is kept. */
  looked(outcome: "done" | "failed"): void;
  /** Something was written: a Secret, or a webhook configuration. */
  wrote(what: Written): void;
  /** Replicas that do not answer the newest path yet, while a configuration waits to name it. */
  waitsFor(replicas: number): void;
  /** Whether a path without a segment is answered, as after an upgrade from a version that had none. */
  open(isOpen: boolean): void;
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
  const open = new Gauge({
    name: "metahub_keeper_path_without_segment",
    help: "1 while the webhook answers a path without a segment, for a day after an upgrade from a version that had none.",
    registers: [registry],
  });
  return {
    open: (isOpen) => open.set(isOpen ? 1 : 0),
    looked: (outcome) => looks.inc({ outcome }),
    wrote: (what) => writes.inc({ what }),
    waitsFor: (replicas) => waiting.set(replicas),
  };
}
