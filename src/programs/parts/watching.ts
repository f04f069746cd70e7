import type { ReflectorEvent } from "../../kubernetes/reflector/options.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** Counts what watches do, and logs what an operator should know of. */
export function watchObserver(log: Logger, metrics: Metrics): (resource: string, event: ReflectorEvent) => void {
  return (resource, event) => {
    metrics.watchEvents.inc({ resource, event: event.type === "event" ? event.event.toLowerCase() : event.type });
    switch (event.type) {
      case "listed":
        log.info({ resource, objects: event.objects, durationMs: Math.round(event.durationMs) }, "listed");
        break;
      case "failed":
        log.warn(
          { resource, error: event.error, retryInMs: Math.round(event.retryInMs) },
          "a watch broke and is taken up again",
        );
        break;
      case "unreadable":
        log.warn({ resource, object: event.key, error: event.error }, "an object cannot be read and is left out");
        break;
      case "listener-failed":
        log.error({ resource, error: event.error }, "a change could not be followed");
        break;
      default:
        break;
    }
  };
}
