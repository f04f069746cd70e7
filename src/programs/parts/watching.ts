import type { WatchMetrics } from "../../kubernetes/reflector/metrics.ts";
import type { ReflectorEvent } from "../../kubernetes/reflector/options.ts";
import type { Logger } from "../../telemetry/log.ts";

/** Told of what the watch of a resource does. `resource`: its plural. */
export type WatchObserver = (resource: string, event: ReflectorEvent) => void;

/** Counts what watches do, and logs what an operator should know of. */
export function watchObserver(log: Logger, metrics: WatchMetrics): WatchObserver {
  return (resource, event) => {
    metrics.count(resource, event);
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
      case "passed-over":
        log.warn({ resource, bytes: event.bytes }, "an object is too large to be read and is left out");
        break;
      case "listener-failed":
        log.error({ resource, error: event.error }, "a change could not be followed");
        break;
      default:
        break;
    }
  };
}
