import type { HealthServer } from "../../http/health.ts";
import type { HttpServer } from "../../http/server.ts";
import type { Logger } from "../../telemetry/log.ts";
import { type Clock, pause, systemClock } from "../../time/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";

export interface DrainOptions {
  readonly server: Pick<HttpServer, "drain">;
  readonly health: Pick<HealthServer, "setReady">;
  /** The time that clients are given to go elsewhere, ms. */
  readonly drainMs: number;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Nothing makes the drain shorter: whoever asks the process to end twice ends it at once. */
const never = new AbortController().signal;

/**
 * At the end, before the servers close: not ready any more, and answers close their connections, while new ones are
 * still taken. The cluster needs this time to send clients elsewhere. To be called after the servers listen.
 */
export function drainAtEnd(life: Lifecycle, options: DrainOptions): void {
  const { server, health, drainMs, log, clock = systemClock } = options;
  const drain = async (): Promise<void> => {
    health.setReady(false);
    server.drain();
    if (drainMs > 0) await pause(clock, drainMs, never);
    log.info("ending: requests under way are finished");
  };
  life.atEnd("the drain", drain, drainMs + 1_000);
}
