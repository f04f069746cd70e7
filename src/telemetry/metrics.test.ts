import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("every metric has the prefix, a help text and the unit of its kind in its name", async () => {
  const found = await createMetrics().registry.getMetricsAsJSON();
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
  const [one, other] = [createMetrics(), createMetrics()];
  one.nodes.set(3);
  expect(await one.registry.getSingleMetricAsString("metahub_inventory_nodes")).toContain(" 3");
  expect(await other.registry.getSingleMetricAsString("metahub_inventory_nodes")).toContain(" 0");
});
