import { Gauge, type Registry } from "prom-client";
import type { Snapshot } from "./snapshot.ts";

/** Gauges of what is known. */
export interface InventoryMetrics {
  show(snapshot: Snapshot): void;
}

export function createInventoryMetrics(registry: Registry): InventoryMetrics {
  const registers = [registry];
  const nodes = new Gauge({ name: "metahub_inventory_nodes", help: "Nodes known.", registers });
  const profiles = new Gauge({
    name: "metahub_inventory_profiles",
    help: "Distinct hardware profiles known.",
    registers,
  });
  const machineTypes = new Gauge({
    name: "metahub_inventory_machine_types",
    help: "MachineTypes known.",
    registers,
  });
  return {
    show(snapshot) {
      nodes.set(snapshot.nodes.size);
      profiles.set(snapshot.profiles);
      machineTypes.set(snapshot.machineTypes.size);
    },
  };
}
