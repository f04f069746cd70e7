import type { MachineType } from "../../api/machine-type.ts";
import type { NodeFacts } from "../../api/node.ts";
import { parseMachineType } from "../../api/parse-machine-type.ts";
import { parseNode } from "../../api/parse-node.ts";
import { machineTypeResource, nodeResource } from "../../inventory/cluster.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import { findClusterAccess } from "../../kubernetes/access/find.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { Resource } from "../../kubernetes/resource.ts";
import type { CommandContext } from "../../process/context.ts";
import { version } from "../../process/version.ts";
import { safeText } from "../terminal/text.ts";
import type { MachineOptions } from "./machine-options.ts";

/** Nodes and machine types of a cluster at this moment. A cluster without MetaHub's resources has nodes all the same. */
export async function readCluster(
  { kubeconfig, context: name }: Pick<MachineOptions, "kubeconfig" | "context">,
  context: CommandContext,
): Promise<Snapshot> {
  const access = await findClusterAccess({ kubeconfig, context: name, environment: context.env });
  const client = new KubernetesClient({ access, userAgent: `metahub/${version}`, environment: context.env });
  try {
    const [nodes, machineTypes] = await Promise.all([
      list<NodeFacts>(client, nodeResource, parseNode, context),
      list<MachineType>(client, machineTypeResource, parseMachineType, context).catch((error: unknown) => {
        if (isKubernetesError(error, "NOT_FOUND")) return [];
        throw error;
      }),
    ]);
    return new SnapshotBuilder().build(nodes, machineTypes, plainContext);
  } finally {
    await client.close();
  }
}

/** All objects of a kind. One that cannot be read is left out, as the webhook does, and told. */
async function list<T>(
  client: KubernetesClient,
  resource: Resource,
  parse: (object: object) => T,
  context: CommandContext,
): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const object of client.list({ resource }, { signal: context.signal })) {
    try {
      found.push(parse(object));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const line = `${resource.plural}/${object.metadata.name} cannot be read and is left out: ${why}`;
      context.stderr.write(`metahub: ${safeText(line)}\n`);
    }
  }
  return found;
}
