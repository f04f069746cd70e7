import type { Registry } from "prom-client";
import { createAdmissionMetrics } from "../../admission/metrics.ts";
import { createBindingMetrics } from "../../binding/metrics.ts";
import { createCertificateMetrics } from "../../certificates/metrics.ts";
import { createControllerMetrics } from "../../controller/metrics.ts";
import { createInventoryMetrics } from "../../inventory/metrics.ts";
import { createWatchMetrics } from "../../kubernetes/reflector/metrics.ts";
import { createListMetrics } from "../../lists/metrics.ts";
import { createReviewMetrics } from "../../webhook/metrics.ts";

/**
 * The metrics of the webhook and of the controller. Both show all of them, in the same order, whichever of the two
 * counts them: that is what scrapers of either have seen from the beginning.
 */
export function createMetrics(registry: Registry) {
  return {
    reviews: createReviewMetrics(registry),
    admission: createAdmissionMetrics(registry),
    bindings: createBindingMetrics(registry),
    watches: createWatchMetrics(registry),
    inventory: createInventoryMetrics(registry),
    controller: createControllerMetrics(registry),
    certificates: createCertificateMetrics(registry),
    lists: createListMetrics(registry),
  };
}
