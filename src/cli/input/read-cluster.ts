import type { MachineType } from "../../api/machine-type.ts";
import type { ManifestListKind } from "../../api/manifest-list.ts";
import type { NodeFacts } from "../../api/node.ts";
import { parseMachineType } from "../../api/parse-machine-type.ts";
import { parseManifestListOf } from "../../api/parse-manifest-list.ts";
import { parseNode } from "../../api/parse-node.ts";
import { machineTypeResource, nodeResource } from "../../inventory/cluster.ts";
import { plainContext } from "../../inventory/inventory.ts";
import { type Snapshot, SnapshotBuilder } from "../../inventory/snapshot.ts";
import { findClusterAccess } from "../../kubernetes/access/find.ts";
import { KubernetesClient } from "../../kubernetes/client/client.ts";
import { isKubernetesError } from "../../kubernetes/error.ts";
import type { Resource } from "../../kubernetes/resource.ts";
import { listOfResource, type SpokenList } from "../../lists/list.ts";
import { clusterManifestListResource, manifestListResource } from "../../lists/resources.ts";
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
      list<NodeFacts>(client, { resource: nodeResource }, parseNode, context),
      list<MachineType>(client, { resource: machineTypeResource }, parseMachineType, context).catch(
        (error: unknown) => {
          if (isKubernetesError(error, "NOT_FOUND")) return [];
          throw error;
        },
      ),
    ]);
    return new SnapshotBuilder().build(nodes, machineTypes, plainContext);
  } finally {
    await client.close();
  }
}

/** The lists of everybody and those of some namespaces. A cluster without these resources has none. */
export async function readClusterLists(
  { kubeconfig, context: name }: Pick<MachineOptions, "kubeconfig" | "context">,
  namespaces: readonly string[],
  context: CommandContext,
): Promise<readonly SpokenList[]> {
  const access = await findClusterAccess({ kubeconfig, context: name, environment: context.env });
  const client = new KubernetesClient({ access, userAgent: `metahub/${version}`, environment: context.env });
  const ofKind = async (
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
  try {
    const found = [...(await ofKind("ClusterManifestList", { resource: clusterManifestListResource }))];
    for (const namespace of namespaces) {
      found.push(...(await ofKind("ManifestList", { resource: manifestListResource, namespace })));
    }
    return found;
  } finally {
    await client.close();
  }
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
