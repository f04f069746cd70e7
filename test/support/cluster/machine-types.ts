import type { MachineType } from "../../../src/api/machine-type.ts";
import { parseMachineType } from "../../../src/api/parse-machine-type.ts";
import { machineTypeResource } from "../../../src/inventory/cluster.ts";
import type { KubernetesObject } from "../../../src/kubernetes/object.ts";
import { nodes, type Stage, soon } from "./stage.ts";

/** The scenario's machine types as they are now. */
async function readMachineTypes(stage: Stage): Promise<readonly MachineType[]> {
  const found: MachineType[] = [];
  const list = stage.client.list({ resource: machineTypeResource }, { signal: soon(), parse: parseMachineType });
  for await (const machineType of list) if (/^type[1-4]$/.test(machineType.metadata.name)) found.push(machineType);
  return found;
}

/** How many nodes each has, by its status. */
export async function machineTypeNodes(stage: Stage): Promise<Readonly<Record<string, number>>> {
  const found = await readMachineTypes(stage);
  return Object.fromEntries(found.map(({ metadata, status }) => [metadata.name, status?.nodes ?? -1]));
}

/** Sets labels of a node; null takes one away. */
export function relabel(
  stage: Stage,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<KubernetesObject> {
  const patch = { type: "merge", body: { metadata: { labels } } } as const;
  return stage.client.patch({ resource: nodes, name }, patch, { signal: soon() });
}
