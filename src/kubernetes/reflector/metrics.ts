import { Counter, type Registry } from "prom-client";
import type { ReflectorEvent } from "./options.ts";

export interface WatchMetrics {
  /** Called with each event of a reflector. `resource`: its plural. */
  count(resource: string, event: ReflectorEvent): void;
}

export function createWatchMetrics(registry: Registry): WatchMetrics {
  const events = new Counter({
    name: "metahub_watch_events_total",
    help: "Events of watched resources.",
    labelNames: ["resource", "event"],
    registers: [registry],
  });
  return {
    count(resource, event) {
      events.inc({ resource, event: event.type === "event" ? event.event.toLowerCase() : event.type });
    },
  };
}
