import type { MachineType } from "../../api/machine-type.ts";
import type { ManifestListKind } from "../../api/manifest-list.ts";
import type { NodeFacts } from "../../api/node.ts";
import { parseMachineType } from "../../api/parse-machine-type.ts";
import { parseManifestListOf } from "../../api/parse-manifest-list.ts";
import { parseNode } from "../../api/parse-node.ts";
import { machineTypeResource, nodeResource } from "../../inventory/cluster.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import type { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { Resource } from "../../kubernetes/resource.ts";
import { listOfResource, type SpokenList } from "../../lists/list.ts";
import { clusterManifestListResource, manifestListResource } from "../../lists/resources.ts";
import type { CommandContext } from "../../process/context.ts";
import { safeText } from "../terminal/text.ts";
import type { MachineOptions } from "./machine-options.ts";
import { withCluster } from "./with-cluster.ts";

/** Nodes and machine types of a cluster at this moment. A cluster without MetaHub's resources has nodes all the same. */
export async function readCluster(
  meant: Pick<MachineOptions, "kubeconfig" | "context">,
  context: CommandContext,
): Promise<Snapshot> {
  return await withCluster(meant, context, async (client) => {
    const [nodes, machineTypes] = await Promise.all([
      list<NodeFacts>(client, { resource: nodeResource }, parseNode, context),
      list<MachineType>(client, { resource: machineTypeResource }, parseMachineType, context).catch(
        (error: unknown) => {
          if (isKubernetesError(error, "NOT_FOUND")) return [];
          throw error;
        },
      ),
    ]);
    return new SnapshotBuilder().build(nodes, machineTypes, plainContext);
  });
}

/** The lists of everybody and those of some namespaces. A cluster without these resources has none. */
export async function readClusterLists(
  meant: Pick<MachineOptions, "kubeconfig" | "context">,
  namespaces: readonly string[],
  context: CommandContext,
): Promise<readonly SpokenList[]> {
  const ofKind = async (
    client: KubernetesClient,
    kind: ManifestListKind,
    target: { readonly resource: Resource; readonly namespace?: string },
  ) => {
    try {
      return await list(client, target, (object) => listOfResource(parseManifestListOf(kind, object)), context);
    } catch (error) {
      if (!isKubernetesError(error, "NOT_FOUND", "FORBIDDEN")) throw error;
      if (error.code === "FORBIDDEN")
        context.stderr.write(`metahub: ${safeText(`${kind}s may not be read: ${error.message}`)}\n`);
      return [];
    }
  };
  return await withCluster(meant, context, async (client) => {
    const found = [...(await ofKind(client, "ClusterManifestList", { resource: clusterManifestListResource }))];
    for (const namespace of namespaces) {
      found.push(...(await ofKind(client, "ManifestList", { resource: manifestListResource, namespace })));
    }
    return found;
  });
}

/** All objects of a kind. One that cannot be read is left out, as the webhook does, and told. */
async function list<T>(
  client: KubernetesClient,
  target: { readonly resource: Resource; readonly namespace?: string },
  parse: (object: object) => T,
  context: CommandContext,
): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const object of client.list(target, { signal: context.signal })) {
    try {
      found.push(parse(object));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const line = `${target.resource.plural}/${object.metadata.name} cannot be read and is left out: ${why}`;
      context.stderr.write(`metahub: ${safeText(line)}\n`);
    }
  }
  return found;
}
