import { expect, test } from "vitest";
import { createRegistry } from "../../telemetry/metrics.ts";
import { createMetrics } from "./metrics.ts";

const fine = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];
/** Dashboards and alerts name these: a change of this table breaks them. */
const shown: readonly (readonly [
  name: string,
  type: string,
  labels: readonly string[],
  buckets?: readonly number[],
])[] = [
  ["metahub_admission_reviews_total", "counter", ["outcome"]],
  ["metahub_admission_review_duration_seconds", "histogram", ["outcome"], [...fine, 0.25, 0.5, 1, 2.5, 5, 10]],
  ["metahub_admission_unknown_paths_total", "counter", []],
  ["metahub_admission_images_total", "counter", ["code"]],
  ["metahub_binding_total", "counter", ["outcome"]],
  ["metahub_binding_duration_seconds", "histogram", ["outcome"], [...fine, 0.2, 0.3, 0.5, 1, 2.5, 5]],
  ["metahub_watch_events_total", "counter", ["resource", "event"]],
  ["metahub_inventory_nodes", "gauge", []],
  ["metahub_inventory_profiles", "gauge", []],
  ["metahub_inventory_machine_types", "gauge", []],
  ["metahub_controller_writes_total", "counter", ["kind", "outcome"]],
  ["metahub_bound_pods_total", "counter", ["outcome"]],
  ["metahub_certificate_expiry_timestamp_seconds", "gauge", []],
  ["metahub_manifest_lists", "gauge", ["kind", "state"]],
];

test("/metrics shows these, in this order, and no others", () => {
  const registry = createRegistry();
  createMetrics(registry);
  const found = registry.getMetricsAsArray().map((metric) => {
    const { name, type, labelNames, upperBounds } = facts(metric);
    return upperBounds === undefined ? [name, type, labelNames] : [name, type, labelNames, upperBounds];
  });
  expect(found).toEqual(shown);
});

/** prom-client's types leave out what its metrics know of themselves. */
function facts(metric: object) {
  const { name, type, labelNames, upperBounds }: Readonly<Record<string, unknown>> = { ...metric };
  return { name, type, labelNames, upperBounds };
}

test("every metric has the prefix, a help text and the unit of its kind in its name", async () => {
  const registry = createRegistry();
  createMetrics(registry);
  const found = await registry.getMetricsAsJSON();
  expect(found.length).toBeGreaterThan(5);
  for (const { name, help, type } of found) {
    expect(name).toMatch(/^metahub_[a-z_]+$/);
    expect(help).toMatch(/\.$/);
    // https://prometheus.io/docs/practices/naming/
    if (String(type) === "counter") expect(name).toMatch(/_total$/);
    if (String(type) === "histogram") expect(name).toMatch(/_seconds$/);
  }
});

test("two servers in one process count apart", async () => {
  const registries = [createRegistry(), createRegistry()] as const;
  const [one] = registries.map(createMetrics);
  one?.certificates.show({ notAfter: new Date(3_000) });
  const name = "metahub_certificate_expiry_timestamp_seconds";
  expect(await registries[0].getSingleMetricAsString(name)).toContain(" 3");
  expect(await registries[1].getSingleMetricAsString(name)).toContain(" 0");
});
