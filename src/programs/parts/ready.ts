import type { HealthServer } from "../../http/health.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { Logger } from "../../telemetry/log.ts";

export interface ReadyOptions {
  readonly inventory: Pick<Inventory, "synced">;
  readonly health: Pick<HealthServer, "setReady">;
  readonly log: Logger;
  /** Aborts when the process is told to end: it does not become ready after that. */
  readonly signal: AbortSignal;
}

/** Makes the process ready once nodes and machine types are known. */
export function readyWhenSynced({ inventory, health, log, signal }: ReadyOptions): void {
  inventory.synced.then(
    () => {
      if (signal.aborted) return;
      health.setReady(true);
      log.info("ready: nodes and machine types are known");
    },
    (error: unknown) => signal.aborted || log.error({ error }, "nodes and machine types cannot be read"),
  );
}
