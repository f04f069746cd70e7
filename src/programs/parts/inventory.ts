import { ClusterInventory } from "../../inventory/cluster.ts";
import { FileInventory } from "../../inventory/files.ts";
import type { Inventory } from "../../inventory/inventory.ts";
import type { InventoryMetrics } from "../../inventory/metrics.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { UsageError } from "../../process/failure.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { WatchObserver } from "./watching.ts";

/**
 * Follows the nodes and machine types of a cluster until the process ends.
 * @throws UsageError where there is neither a cluster nor a folder
 */
export function followCluster(
  life: Lifecycle,
  client: KubernetesClient | undefined,
  observe: WatchObserver,
): Inventory {
  if (client === undefined) throw new UsageError("give --kubeconfig or --inventory");
  const inventory = new ClusterInventory({ client, observe });
  life.atEnd("the inventory", () => inventory.close());
  return inventory;
}

/**
 * Follows the nodes and machine types in a folder of YAML files until the process ends.
 * @throws what keeps the folder from being read: a mistake in a file should be seen at once
 */
export async function followFolder(life: Lifecycle, folder: string, log: Logger): Promise<Inventory> {
  const inventory = new FileInventory({
    folder,
    onError: (error) => log.error({ error }, "the inventory folder cannot be used; what was read before stays"),
  });
  life.atEnd("the inventory", () => inventory.close());
  await inventory.synced;
  return inventory;
}

/** Shows how much is known, from now until the process ends. */
export function showInventory(life: Lifecycle, inventory: Inventory, metrics: InventoryMetrics): void {
  const stop = inventory.onChange((snapshot) => metrics.show(snapshot));
  life.atEnd("the inventory's metrics", stop);
  const known = inventory.snapshot();
  if (known !== undefined) metrics.show(known);
}
